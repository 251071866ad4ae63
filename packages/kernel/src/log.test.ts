import { describe, expect, test } from 'vitest'
import { createLogger } from './log.ts'

function makeLogger(level?: string) {
  const lines: Record<string, unknown>[] = []
  const write = (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>)
  return { lines, log: createLogger('keeper', level === undefined ? { write } : { write, level }) }
}

describe('log', () => {
  test('when something is logged, it is one JSON object with level, time, name and what the child carries', () => {
    const { log, lines } = makeLogger()
    log.child({ cluster: 'abc' }).warn({ zone: 'a' }, 'etcd-a is slow')
    expect(lines).toEqual([
      {
        level: 'warn',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        name: 'keeper',
        pid: process.pid,
        cluster: 'abc',
        zone: 'a',
        msg: 'etcd-a is slow',
      },
    ])
  })

  test('when an error is logged, its causes and fields are told', () => {
    const { log, lines } = makeLogger()
    log.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'failed')
    expect(lines[0]).toMatchObject({ err: { message: expect.stringContaining('inner'), stack: expect.any(String) } })
  })

  test('when fields are secret, they do not reach the log, at the top or below', () => {
    const { log, lines } = makeLogger()
    const secret = 'hunter2'
    log.info({ token: secret, request: { headers: { authorization: secret } }, user: { secretAccessKey: secret } }, 'x')
    log.child({ password: secret }).info({ secret: { data: { a: secret } }, object: { stringData: secret } }, 'x')
    expect(lines).toHaveLength(2)
    expect(JSON.stringify(lines)).not.toContain(secret)
    expect(JSON.stringify(lines)).toContain('[redacted]')
  })

  test('when the level is higher, lower lines are left out', () => {
    const { log, lines } = makeLogger('error')
    log.warn('not this')
    log.error('this')
    expect(lines.map(({ msg }) => msg)).toEqual(['this'])
  })
})
