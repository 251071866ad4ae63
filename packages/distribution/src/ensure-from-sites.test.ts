import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { freePort, waitFor } from '@evenkeel/kernel/testing'
import { expect, test } from 'vitest'
import { defaultRelease } from './releases/index.ts'
import { isInstalled, programPath } from './store/index.ts'
import { installFakeGo } from './testing/fake-go.ts'
import { serveFolder } from './testing/fake-site.ts'
import { run, surroundingsWith } from './testing/run.ts'
import {
  etcdPath,
  kubernetesPath,
  publishEtcd,
  publishKubernetes,
  sha256,
  temporaryFolder,
} from './testing/upstream.ts'

const VERSION = defaultRelease().kubernetes.version
const ETCD_VERSION = defaultRelease().etcd.version
const KUBECTL = { kubernetes: [VERSION], programs: ['kubectl'] } as const
const KUBECTL_PATH = kubernetesPath(VERSION, 'kubectl')

/** Folders and a site that has everything, with programs of some hundred pieces. */
async function openWorld({ padding = 1_000_000 } = {}) {
  const upstream = temporaryFolder()
  const store = temporaryFolder()
  publishKubernetes(upstream.path, VERSION, { padding })
  publishEtcd(upstream.path, ETCD_VERSION)
  const site = await serveFolder(upstream.path)
  return {
    upstream: upstream.path,
    store: store.path,
    site,
    surroundings: surroundingsWith(site.base),
    /** What is in the store beside its lock: paths of files. */
    files: () => listFiles(store.path).filter((path) => path !== '.lock'),
    async [Symbol.asyncDispose]() {
      await site[Symbol.asyncDispose]()
      upstream[Symbol.dispose]()
      store[Symbol.dispose]()
    },
  }
}

/** Where kubectl is while it is being brought. */
function partialOf({ upstream, store }: { readonly upstream: string; readonly store: string }): string {
  const digest = sha256(readFileSync(join(upstream, KUBECTL_PATH)))
  return join(store, '.staging/partial', `kubectl-sha256-${digest}`)
}

function listFiles(folder: string): readonly string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => !entry.isDirectory())
  return files.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort()
}

test('when the sites have everything, every program is brought, checked and installed under its name', async () => {
  await using world = await openWorld()
  const { store, surroundings, site } = world
  const { installed, error, events } = await run(
    { kubernetes: [VERSION], etcd: [ETCD_VERSION] },
    { store, surroundings },
  )
  expect(error).toBeUndefined()
  expect(installed.map(({ set, version, source }) => `${set} ${version} ${source}`)).toEqual([
    `kubernetes ${VERSION} official`,
    `etcd ${ETCD_VERSION} official`,
  ])
  expect(world.files()).toEqual(
    installed.flatMap(({ programs }) => Object.values(programs).map((path) => path.slice(store.length + 1))).sort(),
  )
  const kubectl = installed[0]?.programs.kubectl ?? ''
  expect(execFileSync(kubectl, { encoding: 'utf8' })).toBe(`Version: ${VERSION}\n`)
  expect(readFileSync(kubectl)).toEqual(readFileSync(join(world.upstream, KUBECTL_PATH)))
  for (const set of ['kubernetes', 'etcd'] as const) {
    const told = events.filter((event) => event.set === set)
    expect([...new Set(told.map(({ phase }) => phase))]).toEqual(['looking', 'downloading', 'verifying', 'installed'])
    const bytes = told.filter(({ doneBytes }) => doneBytes !== undefined)
    expect(bytes.at(-1)?.doneBytes).toBe(bytes.at(-1)?.totalBytes)
  }
  const asked = site.requests.length
  const again = await run({ kubernetes: [VERSION], etcd: [ETCD_VERSION] }, { store, surroundings })
  expect(again.story).toEqual(['store: installed: in the store already', 'store: installed: in the store already'])
  expect(again.installed.map(({ source }) => source)).toEqual(['store', 'store'])
  expect(site.requests).toHaveLength(asked)
})

test('when only some programs are asked for, nothing else is brought, and the rest can follow', async () => {
  await using world = await openWorld()
  const { store, surroundings, site } = world
  await run(KUBECTL, { store, surroundings })
  expect(world.files()).toEqual([programPath({ name: 'kubectl', version: VERSION }, store).slice(store.length + 1)])
  expect(site.requests).toEqual([`GET /${KUBECTL_PATH}.sha256`, `GET /${KUBECTL_PATH}`])
  const { installed } = await run({ kubernetes: [VERSION] }, { store, surroundings })
  expect(installed[0]?.source).toBe('official')
  expect(world.files()).toHaveLength(6)
  expect(site.requests.filter((request) => request.endsWith('/kubectl'))).toHaveLength(1)
})

test('when a mirror is a folder, the official sites are not asked', async () => {
  await using world = await openWorld()
  const { store, site } = world
  const surroundings = surroundingsWith(site.base, { environment: { EVENKEEL_MIRROR: world.upstream } })
  const { installed, story } = await run({ kubernetes: [VERSION], etcd: [ETCD_VERSION] }, { store, surroundings })
  expect(installed.map(({ source }) => source)).toEqual(['mirror', 'mirror'])
  expect(story.at(-1)).toContain(`installed from ${world.upstream}/`)
  expect(site.requests).toEqual([])
})

test('when a mirror is an address with a path and a password, both are used, and the password is not shown', async () => {
  await using world = await openWorld()
  const { store, site } = world
  mkdirSync(join(world.upstream, 'kept'))
  symlinkSync('../dl.k8s.io', join(world.upstream, 'kept/dl.k8s.io'))
  const mirror = `http://me:secret@127.0.0.1:${site.port}/kept`
  const surroundings = surroundingsWith('http://127.0.0.1:1/', { environment: { EVENKEEL_MIRROR: mirror } })
  const { installed, story } = await run(KUBECTL, { store, surroundings })
  expect(installed[0]?.source).toBe('mirror')
  expect(site.requests[0]).toBe(`GET /kept/${KUBECTL_PATH}.sha256`)
  expect(story.join('\n')).not.toContain('secret')
})

test.each(['ftp://mirror/', 'https://mirror/?token=1', 'http://'])(
  'when the mirror is %s, which cannot be, it is refused',
  async (mirror) => {
    using store = temporaryFolder()
    const surroundings = surroundingsWith('', { environment: { EVENKEEL_MIRROR: mirror } })
    const { error } = await run(KUBECTL, { store: store.path, surroundings })
    expect(error).toMatchObject({ fault: 'invalid-request', message: expect.stringContaining('EVENKEEL_MIRROR') })
  },
)

test('when a site redirects to another, it is followed', async () => {
  await using world = await openWorld()
  await using other = await serveFolder(world.upstream)
  world.site.fail(KUBECTL_PATH, { kind: 'redirect', to: `${other.base}${KUBECTL_PATH}` })
  const { installed } = await run(KUBECTL, { store: world.store, surroundings: world.surroundings })
  expect(installed[0]?.source).toBe('official')
  expect(other.requests).toEqual([`GET /${KUBECTL_PATH}`])
})

test('when the environment names a proxy, sites are reached through it', async () => {
  await using world = await openWorld()
  const { store, site } = world
  const surroundings = surroundingsWith('http://far.invalid/', { environment: { http_proxy: site.base } })
  const { installed } = await run(KUBECTL, { store, surroundings })
  expect(installed[0]?.source).toBe('official')
  expect(site.requests[0]).toBe(`GET http://far.invalid/${KUBECTL_PATH}.sha256`)
})

test('when our release file pins a digest, the published one is not asked for', async () => {
  await using world = await openWorld()
  const { store, site } = world
  const kubectl = readFileSync(join(world.upstream, KUBECTL_PATH))
  const pins = () => ({ kubectl: `sha256:${sha256(kubectl)}` })
  const { installed } = await run(KUBECTL, { store, surroundings: surroundingsWith(site.base, { pins }) })
  expect(installed[0]?.source).toBe('official')
  expect(site.requests).toEqual([`HEAD /${KUBECTL_PATH}`, `GET /${KUBECTL_PATH}`])
})

test('when a file is not what our release file pins, it stops, although the site publishes that digest', async () => {
  await using world = await openWorld()
  const pins = () => ({ kubectl: `sha256:${'0'.repeat(64)}` })
  const surroundings = surroundingsWith(world.site.base, { pins })
  const { error } = await run(KUBECTL, { store: world.store, surroundings })
  expect(error).toMatchObject({ fault: 'wrong-digest', message: expect.stringContaining('pinned in our release file') })
  expect(world.files()).toEqual([])
})

test.each([
  ['the site', false],
  ['a mirror that is a folder', true],
])(
  'when a file of %s is damaged or cut short, it stops with both digests and keeps nothing',
  async (_what, isFolder) => {
    await using world = await openWorld()
    const content = readFileSync(join(world.upstream, KUBECTL_PATH))
    writeFileSync(join(world.upstream, KUBECTL_PATH), content.subarray(0, 5000))
    const environment = isFolder ? { EVENKEEL_MIRROR: world.upstream } : {}
    const surroundings = surroundingsWith(world.site.base, { environment })
    const { error, story } = await run({ kubernetes: [VERSION] }, { store: world.store, surroundings })
    expect(error).toMatchObject({ fault: 'wrong-digest', message: expect.stringContaining(sha256(content)) })
    expect(String(error)).toContain('5000 bytes')
    expect(story.join()).not.toContain('skipped-source')
    expect(world.files().filter((path) => !path.includes('.staging/partial/'))).toEqual([])
    expect(await isInstalled({ name: 'kubelet', version: VERSION }, world.store)).toBe(false)
  },
)

test.each([
  ['takes ranges', false],
  ['takes no ranges', true],
])('when a site that %s always ends a file early, it stops', async (_what, isPlain) => {
  await using world = await openWorld({ padding: 100_000 })
  const { site, store, surroundings } = world
  site.isPlain = isPlain
  site.fail('/kubectl', { kind: 'cut', afterBytes: isPlain ? 60_000 : 0 })
  const { error } = await run(KUBECTL, { store, surroundings })
  expect(error).toMatchObject({ fault: 'truncated', message: expect.stringContaining('/kubectl ends after') })
  expect(await isInstalled({ name: 'kubectl', version: VERSION }, store)).toBe(false)
})

test('when a connection is cut now and then, the download continues where it was', async () => {
  await using world = await openWorld()
  const { site, store, surroundings } = world
  const partial = partialOf(world)
  const whenSent = (bytes: number) => waitFor(() => statSync(partial).size === bytes, { what: `${bytes} bytes` })
  site.fail('/kubectl', { kind: 'cut', afterBytes: 300_000, whenSent }, 3)
  const { installed } = await run(KUBECTL, { store, surroundings })
  expect(installed[0]?.source).toBe('official')
  expect(site.requests.slice(1)).toEqual([
    `GET /${KUBECTL_PATH}`,
    ...[300_000, 600_000, 900_000].map((start) => `GET /${KUBECTL_PATH} bytes=${start}-`),
  ])
})

test('when a download was broken off, the next run continues it', async () => {
  await using world = await openWorld()
  const { site, store, surroundings } = world
  site.fail('/kubectl', { kind: 'stall', afterBytes: 300_000 })
  expect((await run(KUBECTL, { store, surroundings })).error).toMatchObject({ fault: 'no-tools' })
  expect(world.files().filter((path) => path.endsWith('.validator'))).toHaveLength(1)
  site.heal()
  site.requests.splice(0)
  expect((await run(KUBECTL, { store, surroundings })).installed[0]?.source).toBe('official')
  expect(site.requests.at(-1)).toMatch(/^GET .*\/kubectl bytes=[1-9]\d*-$/)
  expect(world.files()).toHaveLength(1)
})

test('when the file has changed since a download was broken off, the site sends the whole of it', async () => {
  await using world = await openWorld()
  const { site, store, surroundings } = world
  mkdirSync(join(store, '.staging/partial'), { recursive: true })
  writeFileSync(partialOf(world), 'of another file')
  writeFileSync(`${partialOf(world)}.validator`, '"of another file"')
  expect((await run(KUBECTL, { store, surroundings })).installed[0]?.source).toBe('official')
  expect(site.requests.slice(1)).toEqual([`GET /${KUBECTL_PATH} bytes=15-`])
})

test('when a continued download comes out wrong, the whole of it is brought once more', async () => {
  await using world = await openWorld()
  const { site, store, surroundings } = world
  mkdirSync(join(store, '.staging/partial'), { recursive: true })
  writeFileSync(partialOf(world), 'of another file')
  expect((await run(KUBECTL, { store, surroundings })).installed[0]?.source).toBe('official')
  expect(site.requests.slice(1)).toEqual([`GET /${KUBECTL_PATH} bytes=15-`, `GET /${KUBECTL_PATH}`])
  expect(world.files()).toHaveLength(1)
})

test('when all of a file was brought before the digest could be checked, it is not brought again', async () => {
  await using world = await openWorld()
  const { site, store, surroundings } = world
  const content = readFileSync(join(world.upstream, KUBECTL_PATH))
  mkdirSync(join(store, '.staging/partial'), { recursive: true })
  writeFileSync(partialOf(world), content)
  expect((await run(KUBECTL, { store, surroundings })).installed[0]?.source).toBe('official')
  expect(site.requests.at(-1)).toBe(`GET /${KUBECTL_PATH} bytes=${content.length}-`)
})

const NEXT: readonly [string, Parameters<Awaited<ReturnType<typeof serveFolder>>['fail']>, RegExp][] = [
  ['has no digest of it', ['.sha256', { kind: 'status', status: 404 }], /does not exist/],
  ['says no', ['.sha256', { kind: 'status', status: 403 }], /HTTP status 403/],
  ['is out of order', ['.sha256', { kind: 'status', status: 503 }], /HTTP status 503/],
  ['does not answer', ['.sha256', { kind: 'silent' }], /gives no answer \(no byte within 0\.4 s\)/],
  ['closes the connection', ['.sha256', { kind: 'cut', afterBytes: 3 }], /ended early/],
  ['has the digest and not the file', ['/kubectl', { kind: 'status', status: 404 }], /kubectl does not exist/],
  ['stalls', ['/kubectl', { kind: 'stall', afterBytes: 300_000 }], /stalled \(no byte within 0\.4 s\)/],
  ['redirects in a circle', ['.sha256', { kind: 'redirect', to: `/${KUBECTL_PATH}.sha256` }], /gives no answer/],
]

test.each(NEXT)('when the site %s, the next source is asked, and it says so', async (_what, fault, reason) => {
  await using world = await openWorld()
  using tools = temporaryFolder()
  world.site.fail(...fault)
  const go = installFakeGo(tools.path, VERSION)
  const surroundings = surroundingsWith(world.site.base, { environment: go.environment })
  const { installed, story, error } = await run(KUBECTL, { store: world.store, surroundings })
  expect(error).toBeUndefined()
  expect(installed[0]?.source).toBe('build')
  const skipped = story.filter((line) => line.includes('skipped-source'))
  expect(skipped).toHaveLength(1)
  expect(skipped[0]).toMatch(/^official: /)
  expect(skipped[0]).toMatch(reason)
})

test.each(['refuses connections', 'closes every connection', 'is silent in the TLS handshake'])(
  'when the site %s, it counts as no answer, asked once for all programs, and little time is lost',
  async (what) => {
    using store = temporaryFolder()
    let connections = 0
    const server = createTcpServer((socket) => {
      connections += 1
      socket.on('error', () => {}).resume()
      if (what.startsWith('closes')) socket.destroy()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const port = what.startsWith('refuses') ? await freePort() : (server.address() as AddressInfo).port
    const surroundings = surroundingsWith(`${what.includes('TLS') ? 'https' : 'http'}://127.0.0.1:${port}/`)
    const started = performance.now()
    const { error } = await run(
      { kubernetes: [VERSION, 'v1.2.3'], etcd: [ETCD_VERSION] },
      { store: store.path, surroundings },
    )
    expect(performance.now() - started).toBeLessThan(3000)
    expect(error).toMatchObject({ message: expect.stringContaining(`127.0.0.1:${port} gives no answer`) })
    expect(connections).toBeLessThanOrEqual(1)
    await new Promise((resolve) => server.close(resolve))
  },
)

test('when nobody has it, the error says what each source said and what to do, and nothing was begun', async () => {
  await using world = await openWorld()
  rmSync(join(world.upstream, etcdPath(ETCD_VERSION), '../SHA256SUMS'))
  const { error, story } = await run(
    { kubernetes: [VERSION], etcd: [ETCD_VERSION] },
    { store: world.store, surroundings: world.surroundings },
  )
  expect(error).toMatchObject({ fault: 'no-tools' })
  const message = (error as Error).message
  expect(message).toContain(`etcd ${ETCD_VERSION} cannot be had`)
  expect(message).toContain('SHA256SUMS, does not exist')
  expect(message).toMatch(/Go 1\.26 or later is needed: none was found/)
  expect(message).toMatch(/install Go 1\.26 or later .*, or set EVENKEEL_MIRROR/)
  expect(story.join()).not.toContain('downloading')
})

test('when a version is known to nobody, the error is no-source', async () => {
  await using world = await openWorld()
  const { error } = await run({ kubernetes: ['v1.2.3'] }, { store: world.store, surroundings: world.surroundings })
  expect(error).toMatchObject({
    fault: 'no-source',
    message: expect.stringContaining('no recipe to build kubernetes 1.2'),
  })
})

test.each(['site', 'folder'])(
  'when a %s gives more than the disk holds, it stops, says where, and gives back what the partial file took',
  async (kind) => {
    await using world = await openWorld()
    const { store, site } = world
    const environment = kind === 'site' ? {} : { EVENKEEL_MIRROR: world.upstream }
    const surroundings = kind === 'site' ? world.surroundings : surroundingsWith(site.base, { environment })
    const partial = partialOf(world)
    mkdirSync(join(store, '.staging/partial'), { recursive: true })
    // Writing there fails as on a full disk, for anybody.
    symlinkSync('/dev/full', partial)
    const { error, story } = await run(KUBECTL, { store, surroundings })
    expect(error).toMatchObject({
      fault: 'disk-full',
      message: expect.stringMatching(/no space is left.*EVENKEEL_STORE/),
    })
    expect(story.join()).not.toContain('skipped-source')
    expect(existsSync(partial)).toBe(false)
  },
)

test('when a program says that it is another version, nothing is installed', async () => {
  await using world = await openWorld()
  publishKubernetes(world.upstream, VERSION, { says: 'v1.0.0' })
  const { error } = await run(KUBECTL, { store: world.store, surroundings: world.surroundings })
  expect(error).toMatchObject({
    fault: 'wrong-version',
    message: expect.stringContaining(`kubectl should be ${VERSION} and says that it is 1.0.0`),
  })
  expect(world.files()).toEqual([])
})

test('when it is stopped in a download, it throws the reason, and only the partial file stays', async () => {
  await using world = await openWorld()
  const { site, store } = world
  const surroundings = surroundingsWith(site.base, { timeouts: { connectMs: 5000, idleMs: 60_000 } })
  site.fail('/kubectl', { kind: 'stall', afterBytes: 300_000 })
  const stop = new AbortController()
  const stopped = run(KUBECTL, { store, surroundings, signal: stop.signal })
  await waitFor(() => world.files().length > 0, { what: 'the download to begin' })
  stop.abort(new Error('enough'))
  expect((await stopped).error).toMatchObject({ message: 'enough' })
  expect(world.files().every((path) => path.startsWith('.staging/partial/'))).toBe(true)
})
