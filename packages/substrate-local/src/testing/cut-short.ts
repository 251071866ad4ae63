import { AsyncLocalStorage } from 'node:async_hooks'
import { promises } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

/** What changes files; a death between two of them is what a power cut or a SIGKILL looks like to the next process. */
const CHANGES = ['link', 'mkdir', 'open', 'rename', 'rm', 'rmdir', 'symlink', 'unlink', 'writeFile'] as const

interface Mortal {
  changesLeft: number
  die(): void
}

const mortal = new AsyncLocalStorage<Mortal>()

/**
 * Runs `work` as a process would that is killed after `changes` changes of files: the next one never happens, nor does
 * anything that comes after it. Answers `done` when it had no more to do than that.
 */
export async function cutShort(changes: number, work: () => Promise<unknown>): Promise<'cut' | 'done'> {
  makeMortal()
  return await new Promise((resolve, reject) => {
    const life = { changesLeft: changes, die: () => resolve('cut') }
    mortal.run(life, () => work().then(() => resolve('done'), reject))
  })
}

let isMade = false

/** Once and for all: who runs outside of `cutShort` does not notice. */
function makeMortal(): void {
  if (isMade) return
  isMade = true
  const table = promises as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>
  for (const name of CHANGES) {
    const change = table[name]!
    table[name] = (...args) => {
      const life = mortal.getStore()
      if (life === undefined) return change(...args)
      life.changesLeft -= 1
      if (life.changesLeft >= 0) return change(...args)
      life.die()
      return new Promise(() => {})
    }
  }
  syncBuiltinESMExports()
}
