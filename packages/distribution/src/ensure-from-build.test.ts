import { readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { freePort } from '@evenkeel/kernel/testing'
import { expect, test } from 'vitest'
import { defaultRelease, releases } from './releases/index.ts'
import { installFakeGo } from './testing/fake-go.ts'
import { run, surroundingsWith } from './testing/run.ts'
import { temporaryFolder } from './testing/upstream.ts'

const KUBERNETES = defaultRelease().kubernetes.version
const ETCD = defaultRelease().etcd.version

async function openWorld(version: string, settings: NodeJS.ProcessEnv = {}) {
  const folder = temporaryFolder()
  const go = installFakeGo(join(folder.path, 'go'), version, settings)
  const base = `http://127.0.0.1:${await freePort()}/`
  return {
    store: join(folder.path, 'store'),
    go,
    surroundings: surroundingsWith(base, { environment: go.environment }),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  }
}

test('when Kubernetes is built, one file is all six programs, stamped with its version', async () => {
  using world = await openWorld(KUBERNETES, { GOFLAGS: '-mod=mod', GOROOT: '/elsewhere', GOWORK: '/other' })
  const { installed, events, error } = await run({ kubernetes: [KUBERNETES] }, world)
  expect(error).toBeUndefined()
  expect(installed[0]?.source).toBe('build')
  const paths = Object.values(installed[0]?.programs ?? {})
  expect(paths).toHaveLength(6)
  expect(new Set(paths.map((path) => statSync(path).ino)).size).toBe(1)
  const calls = world.go.calls()
  expect(calls).toHaveLength(2)
  for (const call of calls) expect(call).toMatch(/^-mod=readonly\|local\|0\|off\|unset\|/)
  const minor = defaultRelease().minor
  expect(calls[1]).toContain(`-modfile=${minor}.mod`)
  expect(calls[1]).toContain(`-X k8s.io/component-base/version.gitVersion=${KUBERNETES}`)
  const building = events.filter(({ phase }) => phase === 'building')
  expect(building.map(({ message }) => message)).toContain('fetching module 1: example.com/some v1.2.3')
  expect(building.filter(({ totalPackages }) => totalPackages === 3).map(({ donePackages }) => donePackages)).toEqual([
    0, 1, 2, 3,
  ])
  expect(building.at(-1)?.message).toBe('linking')
  expect(readdirSync(join(world.store, '.staging'))).toEqual(['partial'])
})

test('when two sets are built, one follows the other', async () => {
  using world = await openWorld('')
  const minor = releases()[0]?.kubernetes.version ?? ''
  const { events, error } = await run({ kubernetes: [KUBERNETES, minor] }, world)
  expect(error).toBeUndefined()
  expect(events.filter(({ message }) => message === 'waiting for another build')).toHaveLength(1)
  expect(world.go.calls().map((call) => call.split('|').at(-1)?.split(' ')[0])).toEqual([
    'list',
    'build',
    'list',
    'build',
  ])
})

test('when one program of etcd is asked for, only that is built', async () => {
  using world = await openWorld(ETCD)
  const { installed } = await run({ etcd: [ETCD], programs: ['etcd'] }, world)
  expect(readdirSync(dirname(installed[0]?.programs.etcd ?? ''))).toEqual(['etcd'])
  expect(world.go.calls()[1]).not.toContain('etcdctl')
})

test.each([
  ['write /tmp/x: no space left on device', 'disk-full', /no space is left/],
  ['dial tcp: lookup proxy.example: no such host', 'build-failed', /set GOPROXY to one that can, or EVENKEEL_MIRROR/],
  ['main.go:1: undefined: x', 'build-failed', /main\.go:1: undefined: x/],
])('when the build fails with "%s", it is %s with the next step', async (FAKE_FAILURE, fault, message) => {
  using world = await openWorld(KUBERNETES, { FAKE_FAILURE })
  const { error } = await run({ kubernetes: [KUBERNETES] }, world)
  expect(error).toMatchObject({ fault, message: expect.stringMatching(message) })
  expect(readdirSync(world.store).sort()).toEqual(['.lock', '.staging'])
  expect(readdirSync(join(world.store, '.staging'))).toEqual(['partial'])
})

test('when the only Go is too old, it is named before any work starts', async () => {
  using world = await openWorld(KUBERNETES, { FAKE_GO_VERSION: 'go1.22.1' })
  const { error } = await run({ kubernetes: [KUBERNETES] }, world)
  expect(error).toMatchObject({ fault: 'no-tools', message: expect.stringContaining(`${world.go.path} is 1.22.1`) })
  expect(world.go.calls()).toEqual([])
})

test('when a build makes another version than it should, nothing is installed', async () => {
  using world = await openWorld('v1.37.0-beta.1')
  const { error } = await run({ kubernetes: [KUBERNETES] }, world)
  expect(error).toMatchObject({ fault: 'wrong-version', message: expect.stringContaining('1.37.0-beta.1') })
  expect(readdirSync(world.store).sort()).toEqual(['.lock', '.staging'])
})

test('when a patch is wanted that the recipe is not for, the build is passed over', async () => {
  using world = await openWorld('v1.37.999')
  const { error } = await run({ kubernetes: ['v1.37.999'] }, world)
  expect(error).toMatchObject({
    fault: 'no-source',
    message: expect.stringMatching(/is for v1\.37\.\d+, not v1\.37\.999/),
  })
})

test('when two installations want the same at once, one builds, and the other waits and finds it in the store', async () => {
  using world = await openWorld(ETCD)
  let secondRun: ReturnType<typeof run> | undefined
  const first = await run(
    { etcd: [ETCD] },
    {
      ...world,
      onProgress(event) {
        if (event.phase === 'building') secondRun ??= run({ etcd: [ETCD] }, world)
      },
    },
  )
  const second = await secondRun
  expect(first.installed[0]?.source).toBe('build')
  expect(second?.installed[0]?.source).toBe('store')
  expect(world.go.calls()).toHaveLength(2)
})
