import { randomBytes } from 'node:crypto'
import { ACCESS_KEY_BYTES, userObjects } from '@evenkeel/contract/identity'
import { openHome, requireInstallation } from '../installation/index.ts'
import { CommandError } from '../terminal/index.ts'
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
    if ((await createUser(home, user)) === 'taken') {
      throw new CommandError(`there is a user ${userName} already: choose another name`)
    }
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
