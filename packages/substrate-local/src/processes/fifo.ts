import { constants, open } from 'node:fs/promises'
import { hasErrorCode } from '@evenkeel/kernel'

/**
 * Writes a command to the control FIFO of an s6 program, as s6-svc and s6-svscanctl do, without starting a process for
 * it. Answers false when nobody reads: the program is not there.
 */
export async function writeToFifo(path: string, command: string): Promise<boolean> {
  try {
    const fifo = await open(path, constants.O_WRONLY | constants.O_NONBLOCK)
    try {
      if (command !== '') await fifo.write(command)
      return true
    } finally {
      await fifo.close()
    }
  } catch (error) {
    // EPIPE: it ended between the two calls.
    if (hasErrorCode(error, 'ENXIO', 'ENOENT', 'ENOTDIR', 'EPIPE')) return false
    throw error
  }
}

/** Whether the program behind a control FIFO is there. */
export async function hasReader(path: string): Promise<boolean> {
  return await writeToFifo(path, '')
}
