import { randomBytes } from 'node:crypto'
import { ACCESS_KEY_BYTES, type UserObjects, userObjects } from '@evenkeel/contract/identity'
import { type KubeObject, USERS, type User } from '@evenkeel/contract/kinds'
import {
  isAlreadyExists,
  type KubeClient,
  NAMESPACES,
  type ResourceRef,
  ROLE_BINDINGS,
  SECRETS,
} from '@evenkeel/kernel'
import { clientFiles, renderAwsConfig, renderAwsCredentials, rewriteFile } from '../access/index.ts'
import { type OpenedInstallation, openHome } from '../installation/index.ts'
import { CommandError } from '../terminal/index.ts'
import { readSetup, recordSetup } from './setup.ts'

/** Of the first identity, which may do everything in the first account. */
export const FIRST_USER = 'admin'

/** The first user with its key: the same one for ever, since what it is made of is on record first. */
async function firstUser(opened: OpenedInstallation): Promise<UserObjects> {
  const { paths, installation } = opened
  const setup = await readSetup(paths.access)
  const firstKey = setup.firstKey ?? randomBytes(ACCESS_KEY_BYTES).toString('hex')
  if (setup.firstKey === undefined) await recordSetup(paths.access, { firstKey })
  const random = Buffer.from(firstKey, 'hex')
  return userObjects({ accountId: installation.accountId, userName: FIRST_USER, isAdmin: true, random })
}

/** Makes an object; one that is there already stays as it is. */
export async function createIfAbsent(
  home: KubeClient,
  resource: ResourceRef,
  object: KubeObject,
): Promise<'made' | 'there'> {
  try {
    await home.create(resource, object)
    return 'made'
  } catch (error) {
    if (isAlreadyExists(error)) return 'there'
    throw error
  }
}

/** Makes what a user consists of, in the order in which that is safe to interrupt. `taken`: by a user with another key. */
export async function createUser(home: KubeClient, user: UserObjects): Promise<'made' | 'taken'> {
  await createIfAbsent(home, NAMESPACES, user.namespace)
  if (user.adminBinding !== undefined) await createIfAbsent(home, ROLE_BINDINGS, user.adminBinding)
  if ((await createIfAbsent(home, USERS, user.user)) === 'there') {
    const { name, namespace = '' } = user.user.metadata
    const there = await home.get<User>(USERS, { name, namespace })
    if (!there.spec.accessKeyIds.includes(user.accessKeyId)) return 'taken'
  }
  await createIfAbsent(home, SECRETS, user.accessKey)
  return 'made'
}

/** The first account with its first identity, once, and the files that an AWS CLI signs with. */
export async function ensureFirstUser(opened: OpenedInstallation): Promise<void> {
  const { paths } = opened
  const user = await firstUser(opened)
  if ((await readSetup(paths.access)).hasFirstUser !== true) {
    const home = openHome(opened)
    try {
      if ((await createUser(home, user)) === 'taken') {
        throw new CommandError(
          `the home has a user ${FIRST_USER} with another key than ${paths.access}/setup.json: restore that file, or use another EVENKEEL_HOME`,
        )
      }
    } finally {
      home.close()
    }
    await recordSetup(paths.access, { hasFirstUser: true })
  }
  await writeAwsFiles(opened, user)
}

async function writeAwsFiles(opened: OpenedInstallation, user: UserObjects): Promise<void> {
  const { installation, serviceUrl, trustFile, paths } = opened
  const files = clientFiles(paths.home)
  const trust = trustFile === undefined ? {} : { trustFile }
  const settings = { region: installation.region, serviceUrl, ...trust }
  await rewriteFile(files.awsConfig, (content) => renderAwsConfig(content, settings))
  await rewriteFile(files.awsCredentials, (content) => renderAwsCredentials(content, user))
}
