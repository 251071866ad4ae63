import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createElector } from './elector.ts'

const children: ReturnType<typeof campaign>[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

function campaign(secret: string, key: string) {
  return spawn(process.execPath, [join(import.meta.dirname, 'testing', 'campaign.ts'), key], {
    env: { PATH: process.env['PATH'], LOCK_SECRET: secret },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

describe('leadership between processes', () => {
  it('when the leader is only stopped, it goes on leading; when it is killed, the next one leads at once', async () => {
    const secret = randomBytes(16).toString('hex')
    const leader = campaign(secret, 'cell')
    children.push(leader)
    await once(leader.stdout, 'data')
    leader.kill('SIGSTOP')

    let hasWon = false
    const standby = createElector(secret).campaign('cell', new AbortController().signal)
    void standby.then(() => {
      hasWon = true
    })
    // Longer than any step of a campaign takes, and nothing to wait for: it must not happen.
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(hasWon).toBe(false)

    leader.kill('SIGKILL')
    await once(leader, 'exit')
    const started = performance.now()
    await (await standby).resign()
    expect(performance.now() - started).toBeLessThan(1000)
  })

  it('when installations differ, their keys do not meet', async () => {
    const never = new AbortController().signal
    const one = await createElector('one'.repeat(12)).campaign('cell', never)
    const other = await createElector('other'.repeat(8)).campaign('cell', never)
    await Promise.all([one.resign(), other.resign()])
  })
})
