import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { checkSources } from './check-sources.ts'
import { missingPrograms } from './missing-programs.ts'
import { addOnProgramRequest, nodeProgramRequest } from './node-programs.ts'
import { defaultRelease, independentVersions, newestNodeBundle } from './releases/index.ts'
import { installFakeC } from './testing/fake-c.ts'
import { installFakeGo } from './testing/fake-go.ts'
import { serveFolder } from './testing/fake-site.ts'
import { run, surroundingsWith } from './testing/run.ts'
import {
  PUBLISHED_ON_GITHUB,
  type PublishedOnGitHub,
  publishKubernetes,
  publishOnGitHub,
  temporaryFolder,
} from './testing/upstream.ts'

const RELEASE = defaultRelease()
const BUNDLE = newestNodeBundle(RELEASE)
const VERSIONS: Readonly<Record<PublishedOnGitHub, string>> = {
  containerd: BUNDLE.containerd,
  runc: BUNDLE.runc,
  'cni-plugins': BUNDLE.cniPlugins,
  coredns: RELEASE.addOns.coredns,
  crane: independentVersions().crane,
}

test.each(PUBLISHED_ON_GITHUB)(
  'when the site has %s as upstream lays it out, its programs are brought, and nothing else of the archive',
  async (set) => {
    using upstream = temporaryFolder()
    using store = temporaryFolder()
    const path = publishOnGitHub(upstream.path, set, VERSIONS[set])
    await using site = await serveFolder(upstream.path)
    const { installed, error } = await run(
      { [set]: [VERSIONS[set]] },
      { store: store.path, surroundings: surroundingsWith(site.base) },
    )
    expect(error).toBeUndefined()
    expect(installed.map(({ source }) => source)).toEqual(['official'])
    const programs = Object.entries(installed[0]?.programs ?? {})
    expect(readdirSync(dirname(programs[0]?.[1] ?? '')).sort()).toEqual(programs.map(([name]) => name).sort())
    expect(site.requests).toContain(`GET /${path}`)
  },
)

test('when a node bundle is asked for, all that a node runs is brought, and no program of a control plane', async () => {
  using upstream = temporaryFolder()
  using store = temporaryFolder()
  publishKubernetes(upstream.path, BUNDLE.kubelet)
  for (const set of ['containerd', 'runc', 'cni-plugins'] as const) {
    publishOnGitHub(upstream.path, set, VERSIONS[set])
  }
  const request = nodeProgramRequest(BUNDLE)
  expect(await missingPrograms(request, store.path)).toHaveLength(10)
  const surroundings = surroundingsWith('', { environment: { EVENKEEL_MIRROR: upstream.path } })
  const { installed, error } = await run(request, { store: store.path, surroundings })
  expect(error).toBeUndefined()
  expect(Object.fromEntries(installed.map(({ set, programs }) => [set, Object.keys(programs)]))).toEqual({
    kubernetes: ['kube-proxy', 'kubelet'],
    containerd: ['containerd', 'containerd-shim-runc-v2', 'ctr'],
    runc: ['runc'],
    'cni-plugins': ['host-local', 'loopback', 'portmap', 'ptp'],
  })
  expect(await missingPrograms(request, store.path)).toEqual([])
  const proxy = addOnProgramRequest(RELEASE, 'kube-proxy')
  // A node runs that of its own version, so here it has come with the bundle.
  expect(await missingPrograms(proxy, store.path)).toEqual([])
})

test.each([
  ['metrics-server', RELEASE.addOns['metrics-server'], /upstream publishes images and manifests/],
  ['kwok', independentVersions().kwok, /upstream publishes no digests/],
] as const)(
  'when upstream publishes no %s that could be checked, it says so, and asks for Go and for no mirror',
  async (set, version, reason) => {
    using store = temporaryFolder()
    const { error } = await run({ [set]: [version] }, { store: store.path, surroundings: surroundingsWith('') })
    expect(error).toMatchObject({ fault: 'no-tools', message: expect.stringMatching(reason) })
    expect(String(error)).toMatch(/To go on, install Go 1\.26[^,]*\.$/)
  },
)

/** A world where nothing can be downloaded, with a Go and what C needs but for `without`. */
function openBuildingWorld(version: string, without: readonly string[] = []) {
  const folder = temporaryFolder()
  const tools = join(folder.path, 'tools')
  const go = installFakeGo(tools, version)
  installFakeC(tools, { without })
  const environment = { ...go.environment, EVENKEEL_MIRROR: '/nowhere' }
  return {
    store: join(folder.path, 'store'),
    go,
    surroundings: surroundingsWith('', { environment }),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  }
}

test('when runc is built, C is linked whole into it, with seccomp', async () => {
  using world = openBuildingWorld(BUNDLE.runc)
  const { installed, error } = await run({ runc: [BUNDLE.runc] }, world)
  expect(error).toBeUndefined()
  expect(installed[0]?.source).toBe('build')
  const [list, build] = world.go.calls()
  expect(list).toMatch(/^-mod=readonly\|local\|1\|/)
  expect(build).toMatch(/-tags=seccomp,.*-buildmode=pie -ldflags .*-linkmode external -extldflags -static-pie/)
})

test('when containerd is built, it is Go alone, stamped with its version, and its shim is without gRPC', async () => {
  using world = openBuildingWorld(BUNDLE.containerd, ['gcc'])
  const { installed, error } = await run({ containerd: [BUNDLE.containerd] }, world)
  expect(error).toBeUndefined()
  expect(Object.keys(installed[0]?.programs ?? {})).toEqual(['containerd', 'containerd-shim-runc-v2', 'ctr'])
  const builds = world.go.calls().filter((call) => call.includes('|build '))
  for (const build of builds) {
    expect(build).toMatch(/^-mod=readonly\|local\|0\|/)
    expect(build).toContain(`-X github.com/containerd/containerd/v2/version.Version=${BUNDLE.containerd}`)
  }
  expect(builds.map((build) => [build.includes('no_grpc'), build.includes('cmd/containerd-shim')])).toEqual([
    [false, false],
    [true, true],
  ])
})

test('when libseccomp is not here, runc cannot be built, and Debian’s package of it is named', async () => {
  using world = openBuildingWorld(BUNDLE.runc, ['libseccomp.a', 'libseccomp'])
  const checks = await checkSources({ runc: [BUNDLE.runc] }, world)
  expect(checks.map(({ source, isUsable }) => [source, isUsable])).toEqual([
    ['store', false],
    ['mirror', false],
    ['build', false],
  ])
  expect(checks[2]).toMatchObject({
    detail: 'part of it is C, and there is no libseccomp to link (libseccomp.a)',
    packages: ['libseccomp-dev'],
  })
  const { error } = await run({ runc: [BUNDLE.runc] }, world)
  expect(error).toMatchObject({
    fault: 'no-tools',
    message: expect.stringMatching(/apt-get install --no-install-recommends libseccomp-dev\), or set EVENKEEL_MIRROR/),
  })
  expect(world.go.calls()).toEqual([])
})

test('when there is no C compiler at all, everything that a build of runc needs is named at once', async () => {
  using folder = temporaryFolder()
  const go = installFakeGo(folder.path, BUNDLE.runc)
  const environment = { ...go.environment, PATH: folder.path, EVENKEEL_MIRROR: '/nowhere' }
  const options = { store: join(folder.path, 'store'), surroundings: surroundingsWith('', { environment }) }
  const checks = await checkSources({ runc: [BUNDLE.runc] }, options)
  expect(checks[2]?.packages).toEqual(['gcc', 'libc6-dev', 'pkg-config', 'libseccomp-dev'])
})
