import { watch } from 'node:fs'
import { join } from 'node:path'
import type { Folder, Problem } from './folder.ts'

const RESCAN_MS = 2000

/**
 * Refreshes the folder at every change until `signal` is aborted, and every two seconds besides: a watch is lost with
 * the folder that it watches. `report` is told of each problem once, until it changes.
 */
export function followFolder(folder: Folder, signal: AbortSignal, report: (problem: Problem) => void): void {
  const told = new Map<string, string>()
  const watchers: { close(): void }[] = []

  async function refresh(): Promise<void> {
    const problems = await folder.refresh()
    const files = new Set(problems.map(({ file }) => file))
    for (const file of told.keys()) if (!files.has(file)) told.delete(file)
    for (const problem of problems) {
      const text = String(problem.error)
      if (told.get(problem.file) === text) continue
      told.set(problem.file, text)
      report(problem)
    }
  }

  function unwatch(): void {
    for (const watcher of watchers.splice(0)) watcher.close()
  }

  function look(): void {
    // A folder that was removed and made again is another one: a watch on the old one stays silent for ever.
    unwatch()
    for (const path of [folder.path, join(folder.path, 'clusters')]) {
      try {
        const watcher = watch(path, { persistent: false }, () => void refresh())
        watcher.on('error', () => watcher.close())
        watchers.push(watcher)
      } catch {
        // Not there, or no watch to be had: the next look is soon.
      }
    }
    void refresh()
  }

  const timer = setInterval(look, RESCAN_MS)
  look()
  signal.addEventListener('abort', () => {
    clearInterval(timer)
    unwatch()
  })
}
