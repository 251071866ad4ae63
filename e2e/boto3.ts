import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { FACTS_SOURCE } from '@evenkeel/contract/eks'
import { run } from './installation.ts'

/**
 * A Python with boto3 of the release that our facts are of, so that it knows the same operations. Installed once, from
 * PyPI, into a virtual environment of the cache.
 */
export async function boto3Python(): Promise<string> {
  const caches = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  const folder = join(caches, 'evenkeel', `boto3-${FACTS_SOURCE.botocore}`)
  const python = join(folder, 'bin/python')
  const stamp = join(folder, '.installed')
  if (existsSync(stamp)) return python
  rmSync(folder, { recursive: true, force: true })
  const steps: [string, string[]][] = [
    ['python3', ['-m', 'venv', folder]],
    [python, ['-m', 'pip', 'install', '--quiet', `boto3==${FACTS_SOURCE.botocore}`]],
  ]
  for (const [command, args] of steps) {
    const { code, stderr } = await run(command, args, { deadlineMs: 180_000 })
    if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}\n(as root: apt-get install python3-venv)`)
  }
  writeFileSync(stamp, '')
  return python
}
