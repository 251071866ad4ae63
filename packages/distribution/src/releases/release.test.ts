import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { addOnProgramRequest, nodeProgramRequest } from '../node-programs.ts'
import { wantedSets } from '../program-request.ts'
import { PROGRAMS } from '../programs.ts'
import { type Recipe, readRecipe } from '../sources/recipe.ts'
import { parseCatalogue } from './catalogue.ts'
import {
  defaultRelease,
  independentVersions,
  newestNodeBundle,
  nodeBundleOf,
  pinnedDigests,
  releaseOf,
  releases,
} from './index.ts'
import { compareMinors, supportStatus } from './release.ts'

function programsOf(recipe: Recipe): readonly string[] {
  return recipe.builds.flatMap(({ packages }) => packages.flatMap(({ programs }) => programs))
}

const FOLDER = join(import.meta.dirname, '../../releases')

function addMonths(moment: Date, months: number): Date {
  const later = new Date(moment)
  later.setUTCMonth(later.getUTCMonth() + months)
  return later
}

test.each([
  ['2026-08-26T10:44:20Z', 'standard'],
  ['2027-10-26T10:44:19Z', 'standard'],
  ['2027-10-26T10:44:20Z', 'extended'],
  ['2028-10-26T10:44:19Z', 'extended'],
  ['2028-10-26T10:44:20Z', 'ended'],
  ['2040-01-01T00:00:00Z', 'ended'],
] as const)('when it is %s, support of 1.37 is: %s', (now, status) => {
  const release = releaseOf('1.37')
  expect(release && supportStatus(release, new Date(now))).toBe(status)
})

test.each([
  ['1.36', '2026-04-22T13:51:51Z'],
  ['1.37', '2026-08-26T10:44:20Z'],
])('when %s was released at %s, its support lasts 14 months and then 12 more', (minor, releasedAt) => {
  const release = releaseOf(minor)
  expect(release?.releasedAt).toEqual(new Date(releasedAt))
  expect(release?.standardSupportEndsAt).toEqual(addMonths(new Date(releasedAt), 14))
  expect(release?.extendedSupportEndsAt).toEqual(addMonths(new Date(releasedAt), 26))
})

test('when all releases are read, they come oldest first, with one default', () => {
  expect(releases().map(({ minor }) => minor)).toEqual(['1.36', '1.37'])
  expect(defaultRelease().minor).toBe('1.37')
  expect(defaultRelease().etcd).toEqual({ oldest: 'v3.5.24', newestMinor: '3.7', version: 'v3.7.3' })
  expect(releaseOf('1.20')).toBeUndefined()
  expect(pinnedDigests('kubernetes', 'v1.0.0', 'linux-amd64')).toEqual({})
})

const MINORS = releases()

test.each(MINORS)('when $minor is offered, there are recipes to build its Kubernetes and etcd', async (release) => {
  for (const [set, version] of [
    ['kubernetes', release.kubernetes.version],
    ['etcd', release.etcd.version],
  ] as const) {
    const wanted = { set, version, programs: PROGRAMS[set], platform: 'linux-amd64' } as const
    const recipe = await readRecipe(join(import.meta.dirname, '../../go'), wanted)
    expect(programsOf(recipe)).toEqual(PROGRAMS[set])
  }
})

test.each(MINORS)(
  'when $minor is offered, there are recipes to build all its node bundles and add-ons',
  async (release) => {
    const requests = [
      ...release.nodeBundles.map(nodeProgramRequest),
      ...(['coredns', 'kube-proxy', 'metrics-server'] as const).map((name) => addOnProgramRequest(release, name)),
    ]
    for (const wanted of requests.flatMap(wantedSets)) {
      const recipe = await readRecipe(join(import.meta.dirname, '../../go'), wanted)
      expect(programsOf(recipe)).toEqual(expect.arrayContaining([...wanted.programs]))
    }
  },
)

test('when what depends on no minor is asked for, there are recipes to build it', async () => {
  const { kwok, crane, pause } = independentVersions()
  for (const wanted of wantedSets({ kwok: [kwok], crane: [crane], pause: [pause] })) {
    const recipe = await readRecipe(join(import.meta.dirname, '../../go'), wanted)
    expect(programsOf(recipe)).toEqual(wanted.programs)
  }
})

test('when a node bundle is asked for by its release version, it is found, and new nodes run the youngest', () => {
  const release = defaultRelease()
  const newest = newestNodeBundle(release)
  expect(newest.kubelet).toBe(release.kubernetes.version)
  expect(nodeBundleOf(newest.releaseVersion)).toEqual(newest)
  expect(nodeBundleOf('1.20.0-20210101')).toBeUndefined()
  expect(release.addOns['kube-proxy']).toBe(release.kubernetes.version)
})

test.each([
  ['1.9', '1.10', -1],
  ['1.37', '1.37', 0],
  ['2.0', '1.99', 1],
])('when %s is compared with %s, it goes by number', (a, b, sign) => {
  expect(Math.sign(compareMinors(a, b))).toBe(sign)
})

const SAMPLE = JSON.parse(readFileSync(join(FOLDER, '1.37.json'), 'utf8')) as Record<string, unknown>
const ETCD = { minor: '3.7', version: 'v3.7.3' }
const INDEPENDENT = { kwok: 'v0.8.0', crane: 'v0.22.1', pause: 'v1.0.0' }
const BUNDLE = {
  releaseVersion: '1.37.2-20261125',
  kubelet: 'v1.37.2',
  containerd: 'v2.4.2',
  runc: 'v1.5.2',
  cniPlugins: 'v1.10.0',
}
const DIGEST = `sha256:${'a'.repeat(64)}`

function catalogueWith(changes: Record<string, unknown>, name = '1.37.json', etcd: unknown = ETCD) {
  return parseCatalogue(
    new Map<string, unknown>([
      ['etcd-3.7.json', etcd],
      ['independent.json', INDEPENDENT],
      [name, { ...SAMPLE, ...changes }],
    ]),
  )
}

test('when there are eight minors and two of etcd, each has its own, and pinned digests are found', () => {
  const files = new Map<string, unknown>([
    ['etcd-3.7.json', ETCD],
    ['independent.json', INDEPENDENT],
    ['etcd-3.6.json', { minor: '3.6', version: 'v3.6.12', digests: { 'linux-arm64': { 'etcd.tar.gz': DIGEST } } }],
  ])
  for (const number of [37, 36, 35, 34, 33, 32, 31, 9]) {
    const etcdMinor = number < 34 ? '3.6' : '3.7'
    files.set(`1.${number}.json`, {
      ...SAMPLE,
      minor: `1.${number}`,
      default: number === 36,
      kubernetes: { version: `v1.${number}.1`, digests: { 'linux-amd64': { kubectl: DIGEST } } },
      etcd: { oldest: 'v3.5.24', newestMinor: etcdMinor, defaultMinor: etcdMinor },
      nodeBundles: [{ ...BUNDLE, releaseVersion: `1.${number}.1-20261125`, kubelet: `v1.${number}.1` }],
    })
  }
  const { releases, digests } = parseCatalogue(files)
  expect(releases.map(({ minor }) => minor)).toEqual(['1.9', '1.31', '1.32', '1.33', '1.34', '1.35', '1.36', '1.37'])
  expect(releases.map(({ etcd }) => etcd.version)[1]).toBe('v3.6.12')
  expect(digests.get('kubernetes v1.36.1')).toEqual({ 'linux-amd64': { kubectl: DIGEST } })
  expect(digests.get('etcd v3.6.12')).toEqual({ 'linux-arm64': { 'etcd.tar.gz': DIGEST } })
})

test.each([
  ['an unknown field', { colour: 'red' }, /\/colour is not as it should be/],
  ['a missing field', { releasedAt: undefined }, /releasedAt|required/],
  ['a date of another form', { releasedAt: '26 August 2026' }, /releasedAt/],
  ['a patch of another minor', { kubernetes: { version: 'v1.36.3' } }, /v1\.36\.3 is not of 1\.37/],
  ['a version without v', { kubernetes: { version: '1.37.2' } }, /version/],
  ['a digest of another form', { kubernetes: { version: 'v1.37.2', digests: { 'linux-amd64': { a: 'md5:1' } } } }, /a/],
  ['no platform revision', { platformRevision: undefined }, /platformRevision|required/],
  ['support that ends early', { standardSupportEndsAt: '2026-01-01T00:00:00Z' }, /dates are not in order/],
  ['no node bundle', { nodeBundles: [] }, /nodeBundles/],
  ['a bundle of another form', { nodeBundles: [{ ...BUNDLE, releaseVersion: '1.37.2' }] }, /releaseVersion/],
  ['a bundle without runc', { nodeBundles: [{ ...BUNDLE, runc: undefined }] }, /nodeBundles\/0.*runc|required/],
  [
    'a bundle whose name is of another kubelet',
    { nodeBundles: [{ ...BUNDLE, kubelet: 'v1.37.1' }] },
    /1\.37\.2-20261125 holds kubelet v1\.37\.1/,
  ],
  ['a bundle of no day', { nodeBundles: [{ ...BUNDLE, releaseVersion: '1.37.2-20260231' }] }, /20260231 is no day/],
  ['two bundles of one day', { nodeBundles: [BUNDLE, BUNDLE] }, /is not younger than the one before it/],
  [
    'a bundle of another minor',
    { nodeBundles: [{ ...BUNDLE, releaseVersion: '1.36.2-20261125', kubelet: 'v1.36.2' }] },
    /1\.36\.2-20261125 is not of 1\.37/,
  ],
  [
    'a bundle that is newer than its control plane',
    { nodeBundles: [{ ...BUNDLE, releaseVersion: '1.37.10-20261125', kubelet: 'v1.37.10' }] },
    /1\.37\.10-20261125 is newer than Kubernetes v1\.37\.2/,
  ],
  ['an add-on that we do not know', { addOns: { coredns: 'v1.15.0', dns: 'v1.0.0' } }, /addOns/],
  ['no default', { default: false }, /one of them must be the default, not none/],
  [
    'an etcd that is not there',
    { etcd: { oldest: 'v3.5.24', newestMinor: '3.8', defaultMinor: '3.8' } },
    /no etcd-3\.8\.json/,
  ],
  [
    'an etcd beyond its range',
    { etcd: { oldest: 'v3.5.24', newestMinor: '3.6', defaultMinor: '3.7' } },
    /etcd 3\.7 is not between v3\.5\.24 and 3\.6/,
  ],
])('when a release file has %s, it is refused with the reason', (_what, changes, reason) => {
  expect(() => catalogueWith(changes)).toThrow(reason)
})

test('when a file is not called by its minor, it is refused', () => {
  expect(() => catalogueWith({}, '1.36.json')).toThrow(/1\.36\.json: it holds 1\.37/)
  expect(() => catalogueWith({}, '1.37.json', { minor: '3.6', version: 'v3.6.1' })).toThrow(/it holds 3\.6/)
})

test('when what depends on no minor is not said, it is refused', () => {
  const files = new Map<string, unknown>([
    ['etcd-3.7.json', ETCD],
    ['1.37.json', SAMPLE],
  ])
  expect(() => parseCatalogue(files)).toThrow(/release file independent\.json/)
  files.set('independent.json', { ...INDEPENDENT, kwok: 'latest' })
  expect(() => parseCatalogue(files)).toThrow(/independent\.json: \/kwok/)
})
