import { randomBytes } from 'node:crypto'
import { ACCESS_KEY_BYTES, type AccessKeySecret, type UserObjects, userObjects } from '@evenkeel/contract/identity'
import { USERS, type User } from '@evenkeel/contract/kinds'
import { isUnavailable, type KubeClient, SECRETS } from '@evenkeel/kernel'
import { openHome, requireInstallation } from '../installation/index.ts'
import { CommandError, errorLine } from '../terminal/index.ts'
import { createUser } from '../up/index.ts'
import { type OutputOptions, writeJson } from './cluster.ts'

/** Makes an identity without any rights, and shows its key this one time. */
export async function createIdentity(
  userName: string,
  options: OutputOptions,
  write: (text: string) => void,
): Promise<void> {
  const opened = await requireInstallation()
  const random = randomBytes(ACCESS_KEY_BYTES)
  const user = userObjects({ accountId: opened.installation.accountId, userName, random })
  const home = openHome(opened)
  try {
    if ((await createUser(home, user)) === 'taken') throw await explainTaken(home, user)
  } catch (error) {
    if (!isUnavailable(error)) throw error
    throw new CommandError(
      `cannot create user ${userName}: the home does not answer (${errorLine(error)}); ./evenkeel status says why, repeat it then`,
      { cause: error },
    )
  } finally {
    home.close()
  }
  const { arn, accessKeyId, secretAccessKey } = user
  if (options.output === 'json') {
    writeJson(write, { user: { userName, arn }, accessKey: { accessKeyId, secretAccessKey } })
    return
  }
  write(
    [
      `user ${arn}`,
      `aws_access_key_id = ${accessKeyId}`,
      `aws_secret_access_key = ${secretAccessKey}`,
      'The key is shown this once and kept nowhere in the clear. The user has no rights until you give some:',
      `  ./evenkeel kubectl --home create rolebinding NAME -n ${user.namespace.metadata.name} --clusterrole ROLE --user ${arn}\n`,
    ].join('\n'),
  )
}

/** A create that was cut short between user and key has left a user whose key nobody knows. */
async function explainTaken(home: KubeClient, { user, accessKey }: UserObjects): Promise<CommandError> {
  const { name, namespace = '' } = user.metadata
  const { spec } = await home.get<User>(USERS, { name, namespace })
  const secrets = await home.list<AccessKeySecret>(SECRETS, { namespace: accessKey.metadata.namespace })
  const ids = secrets.items.map(({ data }) => Buffer.from(data?.accessKeyId ?? '', 'base64').toString())
  if (spec.accessKeyIds.some((id) => ids.includes(id))) {
    return new CommandError(`there is a user ${spec.userName} already: choose another name`)
  }
  return new CommandError(
    `a create of user ${spec.userName} was cut short, and its key is nowhere: ./evenkeel kubectl --home delete users.evenkeel.dev ${name} -n ${namespace}, then repeat`,
  )
}
