import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { waitFor } from '@evenkeel/kernel/testing'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../testing/upstream.ts'
import { type LockHolder, lockStore } from './lock.ts'

test('when the lock is held, the next one waits, hears who holds it, and gets it upon release', async () => {
  using store = temporaryFolder()
  const first = await lockStore(store.path, 'etcd v3.7.3')
  const heard: (LockHolder | undefined)[] = []
  const second = lockStore(store.path, 'kubernetes v1.37.2', { onWaiting: (holder) => heard.push(holder) })
  await waitFor(() => heard.length > 0, { what: 'the second to wait' })
  expect(heard[0]).toEqual({ pid: process.pid, installs: 'etcd v3.7.3' })
  await first.release()
  await (await second).release()
})

test('when a waiting one is stopped, it throws the reason, and the lock is not lost', async () => {
  using store = temporaryFolder()
  const first = await lockStore(store.path, 'etcd v3.7.3')
  const stop = new AbortController()
  const second = lockStore(store.path, 'etcd v3.7.3', {
    signal: stop.signal,
    onWaiting: () => stop.abort(new Error('enough')),
  })
  await expect(second).rejects.toThrow('enough')
  expect(first.lost.aborted).toBe(false)
  await first.release()
  await (await lockStore(store.path, 'etcd v3.7.3')).release()
})

test('when the holder is killed, the lock is free at once', async () => {
  using store = temporaryFolder()
  const script = `
    import { lockStore } from ${JSON.stringify(join(import.meta.dirname, 'lock.ts'))}
    await lockStore(${JSON.stringify(store.path)}, 'etcd v3.7.3')
    console.log('held')
    setInterval(() => {}, 1000)`
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(holder.stdout, 'data')
  const heard: (LockHolder | undefined)[] = []
  const next = lockStore(store.path, 'etcd v3.7.3', { onWaiting: (who) => heard.push(who) })
  await waitFor(() => heard.length > 0, { what: 'the next one to wait' })
  expect(heard[0]?.pid).toBe(holder.pid)
  holder.kill('SIGKILL')
  await (await next).release()
})

test('when the process that holds the lock for us is ended, we hear of it', async () => {
  using store = temporaryFolder()
  const lock = await lockStore(store.path, 'etcd v3.7.3')
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ')
  const holders = children.filter((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'flock\n')
  expect(holders).toHaveLength(1)
  process.kill(Number(holders[0]), 'SIGKILL')
  await waitFor(() => lock.lost.aborted, { what: 'the loss to be known' })
  expect(lock.lost.reason).toMatchObject({ fault: 'store-unusable' })
  await lock.release()
  await (await lockStore(store.path, 'etcd v3.7.3')).release()
})

test('when the store cannot be made, the error names it and another way', async () => {
  using store = temporaryFolder()
  const file = join(store.path, 'file')
  writeFileSync(file, '')
  await expect(lockStore(join(file, 'store'), 'etcd v3.7.3')).rejects.toMatchObject({
    fault: 'store-unusable',
    message: expect.stringMatching(/EVENKEEL_STORE/),
  })
})
