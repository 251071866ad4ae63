import { execFileSync, spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { waitFor } from './testing/index.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'log-output-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

/** Logs `lines` lines of about 1 KB each, then says so on standard error and exits. */
function program(lines: number): string[] {
  const url = new URL('./log.ts', import.meta.url).href
  const code = `
    import { createLogger } from '${url}'
    const log = createLogger('test')
    for (let n = 0; n < ${lines}; n += 1) log.info({ n }, 'x'.repeat(1000))
    process.stderr.write('logged')
    process.exit(0)`
  return ['--input-type=module', '--eval', code]
}

describe('log output', () => {
  test('when nobody reads the pipe, the process goes on and ends, and what did not fit is dropped', async () => {
    const path = join(folder, 'pipe')
    execFileSync('mkfifo', [path])
    // Both ends in one hand, so that writers have somebody who could read.
    const pipe = await open(path, constants.O_RDWR | constants.O_NONBLOCK)
    try {
      const child = spawn(process.execPath, program(10_000), { stdio: ['ignore', pipe.fd, 'pipe'] })
      let said = ''
      child.stderr?.on('data', (chunk: Buffer) => {
        said += chunk.toString()
      })
      await waitFor(() => child.exitCode !== null, { what: 'the process to end' })
      expect({ code: child.exitCode, said }).toEqual({ code: 0, said: 'logged' })
      const { bytesRead, buffer } = await pipe.read(Buffer.alloc(100_000), 0, 100_000)
      expect(bytesRead).toBeGreaterThan(10_000)
      expect(JSON.parse(buffer.toString('utf8', 0, bytesRead).split('\n')[0] ?? '')).toMatchObject({ n: 0 })
    } finally {
      await pipe.close()
    }
  })

  test('when the process exits right after logging, every line is there, once and in order', () => {
    const output = execFileSync('sh', ['-c', '"$0" "$@" | cat', process.execPath, ...program(50)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const numbers = output
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { n: number }).n)
    expect(numbers).toEqual(Array.from({ length: 50 }, (_, n) => n))
  })
})
