import { execFileSync } from 'node:child_process'
import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { hasErrorCode } from '@evenkeel/kernel'

/** Between two times that a disk which is kept full is filled up again. */
const FILL_AGAIN_MS = 50

/**
 * A file system of its own, of a size that a test can fill: ext4 in a file, mounted by root. Whatever becomes of the
 * test, `unmount` takes it away.
 */
export class SmallDisk {
  readonly mountPoint: string
  readonly #image: string
  readonly #filler: string
  #keeping: NodeJS.Timeout | undefined

  private constructor(mountPoint: string, image: string) {
    this.mountPoint = mountPoint
    this.#image = image
    this.#filler = join(mountPoint, 'filler')
  }

  /** `image`: path of the file that it is kept in, which takes no more space than what is written to it. */
  static mount(mountPoint: string, options: { readonly image: string; readonly megabytes: number }): SmallDisk {
    if (process.getuid?.() !== 0) {
      throw new Error('tests of full disks mount small ones, which only root may do: run them as root, as CI does')
    }
    const { image, megabytes } = options
    closeSync(openSync(image, 'w'))
    execFileSync('truncate', ['--size', `${megabytes}M`, image])
    // No blocks for root alone: its programs are to find the disk as full as anybody's.
    execFileSync('mkfs.ext4', ['-q', '-m', '0', image])
    execFileSync('mount', ['-o', 'loop', image, mountPoint])
    return new SmallDisk(mountPoint, image)
  }

  freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.mountPoint)
    return bavail * bsize
  }

  /** Takes space until no more than `freeBytes` are left. */
  fill(freeBytes: number): void {
    this.#write((written) => this.freeBytes() > freeBytes && written < 4 * 2 ** 30, 2 ** 20)
  }

  /** Takes the last byte, and whatever is given back meanwhile, until `empty`. */
  keepFull(): void {
    const fillUp = (): void => {
      for (let size = 2 ** 20; size >= 1; size /= 32) this.#write(() => true, size)
    }
    fillUp()
    this.#keeping ??= setInterval(fillUp, FILL_AGAIN_MS)
  }

  /** Gives all of it back. */
  empty(): void {
    clearInterval(this.#keeping)
    this.#keeping = undefined
    rmSync(this.#filler, { force: true })
  }

  /** Tolerates what is unmounted already. Programs that still use it are not waited for. */
  unmount(): void {
    clearInterval(this.#keeping)
    try {
      execFileSync('umount', ['--lazy', this.mountPoint], { stdio: 'ignore' })
    } finally {
      rmSync(this.#image, { force: true })
    }
  }

  /** Appends pieces while `isWanted` and until the disk says that it is full. */
  #write(isWanted: (written: number) => boolean, size: number): void {
    const file = openSync(this.#filler, 'a')
    const piece = Buffer.alloc(size, 1)
    try {
      for (let written = 0; isWanted(written); written += size) writeSync(file, piece)
    } catch (error) {
      if (!hasErrorCode(error, 'ENOSPC')) throw error
    } finally {
      closeSync(file)
    }
  }
}
