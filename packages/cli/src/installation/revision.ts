import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Where what our programs run from lies: the repository. */
export const SOURCE_ROOT = join(import.meta.dirname, '../../../..')

/** What is not part of a program: tests and what they use. */
function isSource(name: string): boolean {
  return !/\.(test|fixture)\.ts$/.test(name) && !name.endsWith('.md')
}

/**
 * Changes exactly when the sources of our programs or their packages change: programs that run with another one are
 * restarted by `up`. 16 hexadecimal digits.
 */
export async function sourceRevision(root: string = SOURCE_ROOT): Promise<string> {
  const files = await filesBelow(join(root, 'packages'))
  const hash = createHash('sha256')
  for (const path of [join(root, 'package-lock.json'), ...files]) {
    hash
      .update(path.slice(root.length))
      .update('\0')
      .update(await readFile(path))
      .update('\0')
  }
  return hash.digest('hex').slice(0, 16)
}

async function filesBelow(packages: string): Promise<string[]> {
  const names = (await readdir(packages, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  const found = await Promise.all(
    // The command line itself is no program that keeps running.
    names
      .filter((entry) => entry.name !== 'cli')
      .map(async (entry) => {
        const folders = [
          join(packages, entry.name, 'src'),
          join(packages, entry.name, 'releases'),
          join(packages, entry.name, 'go'),
        ]
        return (await Promise.all(folders.map(filesIn))).flat()
      }),
  )
  return found.flat().sort()
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile() && isSource(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
