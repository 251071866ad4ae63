import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { waitFor } from '@evenkeel/kernel/testing'
import { expect, test } from 'vitest'
import { lockInstallation } from './command-lock.ts'

const never = new AbortController().signal
const folder = () => `/tmp/evenkeel-lock-${process.pid}-${Math.random().toString(36).slice(2)}`

test('when two commands want one installation, the second waits, knows for whom, and goes on afterwards', async () => {
  const path = folder()
  const first = await lockInstallation(path, { deed: 'evenkeel up', signal: never, onWait: () => {} })
  const holders: string[] = []
  const second = lockInstallation(path, {
    deed: 'evenkeel down',
    signal: never,
    onWait: (holder) => holders.push(holder),
  })
  await waitFor(() => holders.length === 1, { what: 'the second to wait' })
  expect(holders).toEqual([`evenkeel up (pid ${process.pid})`])
  await first.release()
  await (await second).release()
})

test('when they want two installations, nobody waits', async () => {
  const one = await lockInstallation(folder(), { deed: 'evenkeel up', signal: never, onWait: () => {} })
  const other = await lockInstallation(folder(), { deed: 'evenkeel up', signal: never, onWait: () => {} })
  await Promise.all([one.release(), other.release()])
})

test('when the wait is interrupted, it ends with the reason', async () => {
  const path = folder()
  const held = await lockInstallation(path, { deed: 'evenkeel up', signal: never, onWait: () => {} })
  const interrupt = new AbortController()
  const waiting = lockInstallation(path, {
    deed: 'evenkeel up',
    signal: interrupt.signal,
    onWait: () => interrupt.abort(new Error('interrupted')),
  })
  await expect(waiting).rejects.toThrow('interrupted')
  await held.release()
})

test('when the holder is killed, the one that waits goes on', async () => {
  const path = folder()
  const module = JSON.stringify(`${import.meta.dirname}/command-lock.ts`)
  const script = `
    import { lockInstallation } from ${module}
    await lockInstallation(${JSON.stringify(path)}, { deed: 'evenkeel up', signal: new AbortController().signal, onWait() {} })
    console.log('held')
    setInterval(() => {}, 1000)`
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(holder.stdout, 'data')
  const holders: string[] = []
  const waiting = lockInstallation(path, { deed: 'evenkeel up', signal: never, onWait: (pid) => holders.push(pid) })
  await waitFor(() => holders.length === 1, { what: 'us to wait' })
  holder.kill('SIGKILL')
  await (await waiting).release()
  expect(holders).toEqual([`evenkeel up (pid ${holder.pid})`])
})
