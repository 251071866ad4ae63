import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { waitFor } from '@evenkeel/kernel/testing'
import { whyNoPrivateNetworks } from '@evenkeel/substrate-local'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Installation, run } from './installation.ts'

const why = await whyNoPrivateNetworks()

interface ClusterFacts {
  readonly id: string
  readonly network: string
  readonly endpoint: string
}

/** What the machine lists of an installation's networks (namespaces, links, routes), and all rules of its own namespace. */
async function machineState(octet: number): Promise<{ readonly networks: readonly string[]; readonly rules: string }> {
  const list = async (line: string) => (await run('sh', ['-c', line])).stdout
  const lines = (await list('ip netns list; ip -o link; ip -o -4 address; ip -4 route')).split('\n')
  const named = new RegExp(`\\bek-?${octet}-`)
  return { networks: lines.filter((line) => named.test(line)), rules: await list('nft list ruleset') }
}

/** Two clusters with networks of their own on one machine: `up` and `create` as root, no flag. */
describe.skipIf(why !== undefined)(`private networks${why === undefined ? '' : ` (${why})`}`, () => {
  const evenkeel = new Installation()
  let rulesBefore = ''
  let octet = 0
  const clusters = new Map<string, ClusterFacts>()
  const slotOf = (name: string) => Number(clusters.get(name)?.endpoint.split(/[.:]/)[4])
  const namespace = (name: string, part: string) => `ek-${octet}-${slotOf(name)}-${part}`
  /** Addresses of the cluster's network, by their place in its block. */
  const address = (name: string, place: number) => {
    const number = ((octet << 8) | slotOf(name)) * 64 + place
    return `100.${64 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`
  }
  const HOST = 1
  const ZONE_A = 4

  /** Whether something listens at an address, asked from a namespace. */
  async function reaches(from: string, host: string, port: number): Promise<boolean> {
    const words = ['netns', 'exec', from, 'timeout', '3', 'bash', '-c', `exec 3<>/dev/tcp/${host}/${port}`]
    return (await run('ip', words)).code === 0
  }

  async function isServing(name: string): Promise<boolean> {
    const line = `kubectl --context ${name} --request-timeout=2s create configmap at-$(date +%s%N)`
    return (await evenkeel.tryShell(line)).code === 0
  }

  async function untilServing(name: string): Promise<void> {
    await waitFor(() => isServing(name), { what: `${name} to serve`, deadlineMs: 60_000, intervalMs: 200 })
  }

  async function readFacts(): Promise<void> {
    // It ends with 3 while a scheduler that stands by is not ready yet, which says nothing of networks.
    const status = JSON.parse((await evenkeel.tryEvenkeel(['status', '-o', 'json'])).stdout) as {
      clusters: (ClusterFacts & { name: string })[]
    }
    for (const { name, id, network, endpoint } of status.clusters) clusters.set(name, { id, network, endpoint })
  }

  beforeAll(async () => {
    rulesBefore = (await machineState(0)).rules
    await evenkeel.evenkeel(['up'], { deadlineMs: 900_000 })
    await evenkeel.evenkeel(['cluster', 'create', 'other'], { deadlineMs: 300_000 })
    octet = (JSON.parse(readFileSync(join(evenkeel.home, 'installation.json'), 'utf8')) as { octet: number }).octet
    await readFacts()
  })
  afterAll(async () => {
    await evenkeel.destroy()
  })

  test('when clusters are made as root, each has a network of its own, and says so', async () => {
    expect([...clusters.values()].map(({ network }) => network)).toEqual(['private', 'private'])
    expect((await machineState(octet)).networks.length).toBeGreaterThan(2)
    expect(await evenkeel.evenkeel(['status'])).not.toContain('loopback')
    expect(await evenkeel.evenkeel(['cluster', 'describe', 'other'])).toMatch(/network +private/)
    await untilServing('demo')
    await untilServing('other')
  })

  test('when pods are to find the API, its Service leads to the endpoint that all nodes can reach', async () => {
    const slice = 'get endpointslices -n default -o jsonpath={.items[*].endpoints[*].addresses[*]}'
    for (const name of ['demo', 'other']) {
      expect(await evenkeel.shell(`kubectl --context ${name} ${slice}`)).toBe(address(name, HOST))
      expect(await reaches(namespace(name, 'a'), address(name, HOST), 6443)).toBe(true)
    }
    const can = 'auth can-i get nodes/proxy --as kube-apiserver-kubelet-client'
    expect(await evenkeel.shell(`kubectl --context demo ${can}`)).toContain('yes')
  })

  test('when the objects that a cluster holds for its nodes are taken away, they are written again', async () => {
    await evenkeel.shell('kubectl --context demo delete clusterrolebinding evenkeel:kubelet-api-admin')
    await waitFor(
      async () =>
        (await evenkeel.tryShell('kubectl --context demo get clusterrolebinding evenkeel:kubelet-api-admin')).code ===
        0,
      { what: 'the binding to be back', deadlineMs: 90_000, intervalMs: 1000 },
    )
  })

  test('when one cluster tries to reach the other, from any of its namespaces, nothing of that answers', async () => {
    for (const [name, other] of [
      ['demo', 'other'],
      ['other', 'demo'],
    ] as const) {
      for (const part of ['a', 'router']) {
        const from = namespace(name, part)
        expect(await reaches(namespace(other, 'a'), address(other, ZONE_A), 2379), `${other} to itself`).toBe(true)
        const doors = [
          [address(other, ZONE_A), 2379],
          [address(other, ZONE_A), 6443],
          [address(other, HOST), 6443],
          [address(other, HOST), 9443],
        ] as const
        const answers = await Promise.all(doors.map(([host, port]) => reaches(from, host, port)))
        expect(answers, `${from} to ${doors.join(' ')}`).toEqual(doors.map(() => false))
      }
    }
  })

  test.each<[string, (part: (name: string) => string) => string]>([
    ['its router', (part) => `ip netns del ${part('router')}`],
    [
      'the names of its zones',
      (part) => `for zone in ${part('a')} ${part('b')} ${part('c')}; do ip netns del $zone; done`,
    ],
    ['its link to the host', (part) => `ip link del ${part('a').replace(/^ek-(\d+-\d+)-a$/, 'ek$1')}`],
    ['the link of a zone', (part) => `ip -n ${part('router')} link del z-b`],
  ])(
    'when a running cluster loses %s, that is put back without a restart, and the other serves on',
    async (_what, loss) => {
      const serving = () =>
        evenkeel
          .processes()
          .filter(({ command }) => /^\S+\/(kube-apiserver|etcd) --/.test(command))
          .map(({ pid, command }) => `${pid} ${command.slice(0, 200)}`)
      const running = serving()
      expect(running.length).toBeGreaterThanOrEqual(12)
      expect((await run('sh', ['-c', loss((part) => namespace('demo', part))])).code).toBe(0)
      expect(await isServing('other')).toBe(true)
      await waitFor(async () => (await evenkeel.tryEvenkeel(['status'])).code === 0 && (await isServing('demo')), {
        what: 'all to be well again',
        deadlineMs: 90_000,
        intervalMs: 500,
      })
      await waitFor(() => reaches(namespace('demo', 'b'), address('demo', HOST), 6443), {
        what: 'zone b to reach the endpoint',
        deadlineMs: 30_000,
      })
      expect(serving()).toEqual(expect.arrayContaining(running))
    },
  )

  test('when all is stopped, nothing is left of the networks; started again, the clusters serve at the same addresses', async () => {
    await evenkeel.evenkeel(['down'], { deadlineMs: 120_000 })
    expect(await machineState(octet)).toEqual({ networks: [], rules: rulesBefore })
    await evenkeel.evenkeel(['up'], { deadlineMs: 300_000 })
    await untilServing('demo')
    await untilServing('other')
    const known = new Map(clusters)
    await readFacts()
    expect(clusters).toEqual(known)
  })

  test('when a cluster is deleted, its network goes; when all is destroyed, nothing is left', async () => {
    await evenkeel.evenkeel(['cluster', 'delete', 'other'], { deadlineMs: 120_000 })
    const ofOther = new RegExp(`\\bek-?${octet}-${slotOf('other')}\\b`)
    expect((await machineState(octet)).networks.filter((line) => ofOther.test(line))).toEqual([])
    expect(await isServing('demo')).toBe(true)
    await evenkeel.evenkeel(['destroy', '--yes'], { deadlineMs: 120_000 })
    expect(await machineState(octet)).toEqual({ networks: [], rules: rulesBefore })
  })
})
