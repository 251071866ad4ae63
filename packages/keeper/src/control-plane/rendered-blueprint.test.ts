import { describe, expect, it } from 'vitest'
import { RELEASE } from '../testing/keeper-world.ts'
import { hostedIntent, LOOPBACK } from '../testing/snapshots.ts'
import { PRIVATE_NETWORK } from './components/testing/sample-input.ts'
import { RenderedBlueprint } from './rendered-blueprint.ts'

const NOW_MS = Date.parse('2026-11-24T13:00:00Z')
const DAY_MS = 86_400_000
const HOSTED = { etcdZones: ['a', 'b', 'c'], apiServerZones: ['a', 'b'] }

function blueprintOf(): RenderedBlueprint {
  return new RenderedBlueprint({
    layout: ({ cluster, name }) => ({
      filesRoot: `/run/${cluster}/${name}`,
      volumePath: (volume) => `/volumes/${volume}`,
    }),
    authenticatorUrls: { a: 'https://127.9.1.1:9443', b: 'https://127.9.2.1:9443' },
  })
}

async function hosted(blueprint = blueprintOf()) {
  const keys = await blueprint.makeKeys({ id: 'abc', nowMs: NOW_MS })
  const input = { id: 'abc', intent: hostedIntent(), topology: HOSTED, network: LOOPBACK, keys }
  const leaves = await blueprint.issueLeaves(input, undefined, NOW_MS)
  return { blueprint, input, leaves, drawn: { ...input, leaves, release: RELEASE } }
}

async function home() {
  const blueprint = blueprintOf()
  const intent = { kind: 'home' as const, version: '1.37', acceptedAt: '2026-11-24T12:00:00Z' }
  const keys = await blueprint.makeKeys({ id: 'home', nowMs: NOW_MS })
  const topology = { etcdZones: ['a'], apiServerZones: ['a'] }
  const input = { id: 'home', intent, topology, network: LOOPBACK, keys }
  const leaves = await blueprint.issueLeaves(input, undefined, NOW_MS)
  return { blueprint, input, leaves, drawn: { ...input, leaves, release: RELEASE } }
}

describe('RenderedBlueprint', () => {
  it('when the network is a private one, tokens are asked about at its relay, which the endpoint passes on', async () => {
    const { blueprint, drawn } = await hosted()
    const network = PRIVATE_NETWORK
    const leaves = await blueprint.issueLeaves({ ...drawn, network }, undefined, NOW_MS)
    const { instances, endpoint, objects } = blueprint.render({ ...drawn, network, leaves })
    const webhook = (zone: string) =>
      instances
        .find(({ name }) => name === `kube-apiserver-${zone}`)
        ?.files.find(({ path }) => path === 'token-webhook.json')?.content
    expect(webhook('a')).toContain('"https://100.66.64.129:9443/clusters/abc/token-review"')
    expect(webhook('b')).toContain('"https://100.66.64.129:9443/clusters/abc/token-review"')
    expect(endpoint).toMatchObject({
      bind: '127.9.0.2',
      alsoAt: [{ bind: '100.66.64.129', port: 6443 }],
      relays: [
        {
          name: 'authenticators',
          bind: '100.66.64.129',
          port: 9443,
          servers: [
            { host: '127.9.1.1', port: 9443 },
            { host: '127.9.2.1', port: 9443 },
          ],
        },
      ],
    })
    expect(objects.map(({ object }) => object.kind)).toEqual(['EndpointSlice', 'Endpoints', 'ClusterRoleBinding'])
    expect(blueprint.render(drawn).endpoint).not.toHaveProperty('relays')
    expect(blueprint.render(drawn).objects).toEqual([])
  })

  it('when certificates are fresh, they are not due; later and for other names they are, and renewal changes only those', async () => {
    const { blueprint, input, leaves } = await hosted()
    expect(blueprint.examineLeaves(input, leaves, NOW_MS)).toEqual({
      due: false,
      nextExpiry: '2027-11-24T13:00:00.000Z',
      authoritiesEnd: '2036-11-24T13:00:00.000Z',
    })
    expect(blueprint.examineLeaves(input, leaves, NOW_MS + 300 * DAY_MS).due).toBe(true)
    const moved = {
      ...input,
      network: { ...input.network, endpoint: { host: '192.0.2.7', bind: '192.0.2.7', port: 16443 } },
    }
    expect(blueprint.examineLeaves(moved, leaves, NOW_MS).due).toBe(true)
    const renewed = await blueprint.issueLeaves(moved, leaves, NOW_MS)
    expect(blueprint.examineLeaves(moved, renewed, NOW_MS).due).toBe(false)
    const [before, after] = [leaves, renewed].map(
      (text) => (JSON.parse(text) as { leaves: Record<string, object> }).leaves,
    )
    const changed = Object.keys(after ?? {}).filter(
      (name) => JSON.stringify(before?.[name]) !== JSON.stringify(after?.[name]),
    )
    expect(changed).toEqual(['kube-apiserver-a/server', 'kube-apiserver-b/server'])
  })

  it('when it renders a hosted cluster, each API server asks the authenticator of its own zone at a path of the cluster', async () => {
    const { blueprint, drawn } = await hosted()
    const { instances, endpoint } = blueprint.render(drawn)
    expect(instances).toHaveLength(11)
    expect(endpoint).toMatchObject({ bind: '127.9.0.2', port: 6443 })
    for (const [zone, host] of [
      ['a', '127.9.1.1'],
      ['b', '127.9.2.1'],
    ] as const) {
      const { files } = instances.find(({ name }) => name === `kube-apiserver-${zone}`) ?? { files: [] }
      const webhook = files.find(({ path }) => path.startsWith('token-webhook'))
      expect(webhook?.content).toContain(`https://${host}:9443/clusters/abc/token-review`)
    }
  })

  it('when it renders the home, it has two programs, no endpoint, and kubeconfigs for three', async () => {
    const { blueprint, drawn } = await home()
    const { instances, endpoint } = blueprint.render(drawn)
    expect(instances.map(({ name }) => name)).toEqual(['etcd-a', 'kube-apiserver-a'])
    expect(endpoint).toBeUndefined()
    const files = blueprint.homeAccessFiles(drawn)
    expect([...files.keys()]).toEqual(['admin.kubeconfig', 'keeper.kubeconfig', 'service.kubeconfig'])
    expect(files.get('keeper.kubeconfig')).toContain('https://127.9.1.2:6443')
  })
})
