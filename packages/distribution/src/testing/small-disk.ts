import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'

/** A file system in memory of so many MiB; `resize` gives it more room. */
export function mountSmallDisk(folder: string, megabytes: number) {
  if (process.getuid?.() !== 0) throw new Error('this test mounts a small disk, which only root may do: run it as root')
  mkdirSync(folder)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder])
  return {
    resize: (size: number) => execFileSync('mount', ['-o', `remount,size=${size}m`, folder]),
    [Symbol.dispose]: () => void execFileSync('umount', ['--lazy', folder]),
  }
}
