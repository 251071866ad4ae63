import { type FileHandle, open } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { hasErrorCode } from '@evenkeel/kernel'

const TIMEOUT_MS = 2000

/**
 * Asks HAProxy's runtime API, in `folder` at `socket`, one command; answers its text, or undefined where nobody listens.
 * The folder is opened first, so that its path may be of any length.
 */
export async function askHaproxy(folder: string, socket: string, command: string): Promise<string | undefined> {
  let opened: FileHandle
  try {
    opened = await open(folder, 'r')
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined
    throw error
  }
  try {
    return await converse(`/proc/self/fd/${opened.fd}/${socket}`, command)
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE')) return undefined
    throw error
  } finally {
    await opened.close()
  }
}

function converse(path: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const connection = createConnection({ path })
    connection.setTimeout(TIMEOUT_MS, () => {
      connection.destroy(
        new Error(`HAProxy did not answer ${JSON.stringify(command.split('\n')[0])} in ${TIMEOUT_MS} ms`),
      )
    })
    connection.setEncoding('utf8').on('data', (text: string) => {
      answer += text
    })
    connection.once('error', reject)
    connection.once('end', () => resolve(answer.trim()))
    connection.once('close', () => resolve(answer.trim()))
    // It ends the conversation after one line; what is a payload ends with an empty line.
    connection.write(`${command}\n`)
  })
}
