import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { SOURCE_ROOT } from '../installation/index.ts'

/** What `make test` runs, for machines without make; answers its exit status. */
export async function runTests(): Promise<number> {
  const path = `${join(SOURCE_ROOT, 'node_modules/.bin')}${delimiter}${process.env['PATH'] ?? ''}`
  const script = join(SOURCE_ROOT, 'tools/test.ts')
  const child = spawn(process.execPath, [script], {
    cwd: SOURCE_ROOT,
    stdio: 'inherit',
    env: { ...process.env, PATH: path },
  })
  return await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
}
