import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkSources } from './check-sources.ts'
import { wantedSets } from './program-request.ts'
import { defaultRelease } from './releases/index.ts'
import { installFakeGo } from './testing/fake-go.ts'
import { serveFolder } from './testing/fake-site.ts'
import { run, surroundingsWith } from './testing/run.ts'
import { etcdPath, publishEtcd, publishKubernetes, temporaryFolder } from './testing/upstream.ts'

const KUBERNETES = defaultRelease().kubernetes.version
const ETCD = defaultRelease().etcd.version

test('when sources are checked, each says for each set whether it is usable, why not, and what would mend it', async () => {
  using upstream = temporaryFolder()
  using store = temporaryFolder()
  publishKubernetes(upstream.path, KUBERNETES)
  publishEtcd(upstream.path, ETCD)
  await using site = await serveFolder(upstream.path)
  const surroundings = surroundingsWith(site.base)
  await run({ kubernetes: [KUBERNETES] }, { store: store.path, surroundings })
  rmSync(join(upstream.path, etcdPath(ETCD), '../SHA256SUMS'))
  site.requests.splice(0)
  const checks = await checkSources(undefined, { store: store.path, surroundings })
  expect(checks.map(({ source, set, version, isUsable }) => [source, set, version, isUsable])).toEqual([
    ['store', 'kubernetes', KUBERNETES, true],
    ['official', 'kubernetes', KUBERNETES, true],
    ['build', 'kubernetes', KUBERNETES, false],
    ['store', 'etcd', ETCD, false],
    ['official', 'etcd', ETCD, false],
    ['build', 'etcd', ETCD, false],
  ])
  expect(checks[2]).toMatchObject({
    detail: expect.stringContaining('Go 1.26'),
    mend: expect.stringContaining('install'),
  })
  expect(checks[4]?.detail).toContain('does not exist')
  expect(site.requests.every((request) => /\.sha256$|SHA256SUMS$/.test(request))).toBe(true)
})

test('when Go is recent enough, the build is usable', async () => {
  using tools = temporaryFolder()
  using store = temporaryFolder()
  const { environment } = installFakeGo(tools.path, ETCD)
  const surroundings = surroundingsWith('', { environment: { ...environment, EVENKEEL_MIRROR: '/nowhere' } })
  const checks = await checkSources({ etcd: [ETCD] }, { store: store.path, surroundings })
  expect(checks.map(({ source, isUsable }) => [source, isUsable])).toEqual([
    ['store', false],
    ['mirror', false],
    ['build', true],
  ])
})

test.each([
  [{ kubernetes: ['1.37.2'] }, /no version such as/],
  [{ kubernetes: ['v1.37.2'], programs: ['etcd'] as const }, /etcd is asked for without a version of etcd/],
  [{ etcd: ['v3.7.3'], programs: ['kubeadm' as 'kubectl'] }, /there is no program "kubeadm"/],
])('when the request is %o, it is refused', (request, reason) => {
  expect(() => wantedSets(request)).toThrow(reason)
})

test('when a version is asked for twice, it is one set, and a set of which nothing is asked is none', () => {
  const sets = wantedSets({ kubernetes: ['v1.37.2', 'v1.37.2'], etcd: ['v3.7.3'], programs: ['kubectl'] })
  expect(sets.map(({ set, programs }) => [set, programs])).toEqual([['kubernetes', ['kubectl']]])
  expect(wantedSets({})).toEqual([])
})
