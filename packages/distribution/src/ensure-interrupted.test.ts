import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { waitFor } from '@evenkeel/kernel/testing'
import { expect, test } from 'vitest'
import { defaultRelease } from './releases/index.ts'
import { lockStore } from './store/index.ts'
import { serveFolder } from './testing/fake-site.ts'
import { run, surroundingsWith } from './testing/run.ts'
import { publishKubernetes, temporaryFolder } from './testing/upstream.ts'

const VERSION = defaultRelease().kubernetes.version
const REQUEST = { kubernetes: [VERSION] }

test('when a process is killed in a download, nothing is half installed, and the next one takes over from there', async () => {
  using upstream = temporaryFolder()
  using folder = temporaryFolder()
  const store = join(folder.path, 'store')
  publishKubernetes(upstream.path, VERSION, { padding: 500_000 })
  await using site = await serveFolder(upstream.path)
  site.fail('/kubelet', { kind: 'stall', afterBytes: 200_000 })
  const script = `
    import { ensurePrograms } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))}
    await ensurePrograms(${JSON.stringify(REQUEST)})`
  const environment = { ...process.env, EVENKEEL_STORE: store, EVENKEEL_MIRROR: site.base, NO_PROXY: '127.0.0.1' }
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { env: environment, stdio: 'inherit' })
  const partials = join(store, '.staging/partial')
  const isUnderWay = () => readdirSync(partials).some((name) => name.startsWith('kubelet-'))
  await waitFor(isUnderWay, { what: 'the download to begin' })

  const surroundings = surroundingsWith('', { environment: { EVENKEEL_MIRROR: site.base } })
  let heard = ''
  const next = run(REQUEST, {
    store,
    surroundings,
    onProgress: (event) => {
      if (event.phase === 'waiting') heard = event.message
    },
  })
  await waitFor(() => heard !== '', { what: 'the next one to wait' })
  expect(heard).toBe(`waiting for pid ${child.pid}, which installs kubernetes ${VERSION}`)
  expect(existsSync(join(store, 'kubernetes'))).toBe(false)

  site.heal()
  site.requests.splice(0)
  child.kill('SIGKILL')
  await once(child, 'exit')
  const { installed, error } = await next
  expect(error).toBeUndefined()
  expect(installed[0]?.source).toBe('mirror')
  expect(site.requests.some((request) => /\/kubelet bytes=[1-9]/.test(request))).toBe(true)
  expect(readdirSync(join(store, '.staging'))).toEqual(['partial'])
  expect(readdirSync(partials)).toEqual([])
})

test('when another process has installed it while we waited, it is taken from the store', async () => {
  using upstream = temporaryFolder()
  using store = temporaryFolder()
  publishKubernetes(upstream.path, VERSION)
  const surroundings = surroundingsWith('', { environment: { EVENKEEL_MIRROR: upstream.path } })
  const lock = await lockStore(store.path, 'etcd v3.7.3')
  let waiting = 0
  const options = {
    store: store.path,
    surroundings,
    onProgress: (event: { phase: string }) => void (waiting += event.phase === 'waiting' ? 1 : 0),
  }
  const runs = [run(REQUEST, options), run(REQUEST, options)]
  await waitFor(() => waiting >= 2, { what: 'both to wait' })
  await lock.release()
  const sources = (await Promise.all(runs)).map(({ installed }) => installed[0]?.source)
  expect(sources.sort()).toEqual(['mirror', 'store'])
})
