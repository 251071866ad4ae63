import { releases } from '@evenkeel/distribution/releases'
import { describe, expect, it } from 'vitest'
import type { ControlPlaneInput } from './input.ts'
import { controlPlaneEndpoint, controlPlaneVolumes, renderControlPlane } from './render.ts'
import { homeInput, hostedInput, privateInput } from './testing/sample-input.ts'
import { specText } from './testing/spec-text.ts'

const GOLDENS: readonly { folder: string; input: ControlPlaneInput }[] = [
  { folder: '1.36', input: hostedInput({ versions: { kubernetes: 'v1.36.3', etcd: 'v3.7.3' } }) },
  { folder: '1.37', input: hostedInput() },
  { folder: 'private', input: privateInput() },
  { folder: 'home', input: homeInput() },
]

const WITHOUT_WHAT: readonly [string, Partial<ControlPlaneInput>, RegExp][] = [
  ['an authenticator in the zone of an API server', { authenticator: { urls: {} } }, /zone a has an API server but no/],
  ['the certificates', { leaves: { version: 1, leaves: {} } }, /etcd-a\/server was not issued/],
  ['a platform revision that it knows', { platformRevision: 2 }, /eks\.2, but this release knows eks\.1/],
]

describe('renderControlPlane', () => {
  describe.each(GOLDENS)('$folder', ({ folder, input }) => {
    const first = renderControlPlane(input).filter((spec) => spec.place === 'a')
    it.each(first.map((spec) => [spec.component, spec] as const))(
      'when it renders %s, it says the same as ever',
      async (component, spec) => {
        await expect(specText(spec)).toMatchFileSnapshot(`goldens/${folder}/${component}.txt`)
      },
    )
  })

  it.each(releases())('when $minor is offered, its platform revision is one that is rendered', (release) => {
    const versions = { kubernetes: release.kubernetes.version, etcd: release.etcd.version }
    const { platformRevision } = release
    expect(renderControlPlane(hostedInput({ versions, platformRevision }))).toHaveLength(11)
  })

  it('when a cluster is hosted, it has three members of etcd, and the rest in two zones', () => {
    const names = renderControlPlane(hostedInput()).map((spec) => spec.name)
    expect(names.sort()).toEqual([
      'etcd-a',
      'etcd-b',
      'etcd-c',
      'etcd-hop-a',
      'etcd-hop-b',
      'kube-apiserver-a',
      'kube-apiserver-b',
      'kube-controller-manager-a',
      'kube-controller-manager-b',
      'kube-scheduler-a',
      'kube-scheduler-b',
    ])
  })

  it('when members of etcd start, they do so one after the other, since each waits for peers that listen only', () => {
    const etcd = renderControlPlane(hostedInput()).filter(({ component }) => component === 'etcd')
    expect(etcd.map(({ startsAfter }) => startsAfter)).toEqual([
      undefined,
      { host: '127.9.1.2', port: 2382, atMostSeconds: 3 },
      { host: '127.9.2.2', port: 2382, atMostSeconds: 6 },
    ])
  })

  it('when it is the home, it has one etcd and one API server, which reach each other directly', () => {
    const specs = renderControlPlane(homeInput())
    expect(specs.map((spec) => spec.name)).toEqual(['etcd-a', 'kube-apiserver-a'])
    expect(specs[1]?.args).toContain('--etcd-servers=https://127.9.1.2:2379')
  })

  it('when it is given the same twice, it renders the same', () => {
    expect(renderControlPlane(hostedInput())).toEqual(renderControlPlane(hostedInput()))
  })

  it('when a newer program is to behave as an older minor, all three Kubernetes programs are told so', () => {
    const specs = renderControlPlane(hostedInput({ emulatedVersion: '1.36', minCompatibilityVersion: '1.36' }))
    const told = specs.filter((spec) => spec.args.includes('--emulated-version=kube=1.36'))
    expect(told).toHaveLength(6)
    expect(told.every((spec) => spec.args.includes('--min-compatibility-version=kube=1.36'))).toBe(true)
  })

  it('when there is no other API server to go to, it neither sends clients away nor makes them wait at the end', () => {
    const alone = hostedInput({ topology: { etcdZones: ['a', 'b', 'c'], apiServerZones: ['a'] } })
    const args = renderControlPlane(alone).find((spec) => spec.component === 'kube-apiserver')?.args
    expect(args).toContain('--goaway-chance=0')
    expect(args).toContain('--shutdown-delay-duration=0s')
  })

  it('when specs name a volume, it is one of the volumes of the control plane', () => {
    const input = hostedInput()
    const named = renderControlPlane(input).flatMap((spec) => spec.volumes)
    expect(controlPlaneVolumes(input.topology).map((volume) => volume.name)).toEqual(named)
  })

  it('when two files of an instance would share a path, there is only one', () => {
    for (const { name, files } of renderControlPlane(hostedInput())) {
      const paths = files.map((file) => file.path)
      expect(new Set(paths).size, name).toBe(paths.length)
    }
  })

  it.each(WITHOUT_WHAT)('when it is not given %s, it says so', (_, changes, message) => {
    expect(() => renderControlPlane(hostedInput(changes))).toThrow(message)
  })
})

describe('controlPlaneEndpoint', () => {
  it('when a cluster is hosted, every API server stands behind its one address', () => {
    expect(controlPlaneEndpoint(hostedInput())).toMatchObject({
      bind: '127.9.0.2',
      port: 6443,
      serverName: 'kubernetes',
      backends: [
        { zone: 'a', host: '127.9.1.2', port: 6443 },
        { zone: 'b', host: '127.9.2.2', port: 6443 },
      ],
    })
  })

  it('when it is the home, there is none', () => {
    expect(controlPlaneEndpoint(homeInput())).toBeUndefined()
  })
})
