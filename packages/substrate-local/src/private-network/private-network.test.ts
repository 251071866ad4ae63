import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { InstanceSpec, NetworkPlan, ObservedInstance } from '@evenkeel/substrate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureTrees, stopTrees } from '../index.ts'
import { type LocalWorld, makeLocalWorld } from '../testing/local-world.ts'
import { privateNetwork } from './addresses.ts'
import { whyNoPrivateNetworks } from './capability.ts'
import { ensureNodeNetwork, isNodeNetworkPresent, removeNodeNetwork } from './presence.ts'

const why = await whyNoPrivateNetworks()

/** A program that answers at an address, and shows which network namespace it is in. */
const SERVER = `
const { createServer } = require('node:net')
const { readlinkSync } = require('node:fs')
const [host, port] = process.argv.slice(-2)
createServer((socket) => socket.on('error', () => {}).end(readlinkSync('/proc/self/ns/net'))).listen({ host, port: Number(port) })
`

describe.skipIf(why !== undefined)(`private networks on this machine${why === undefined ? '' : ` (${why})`}`, () => {
  let world: LocalWorld
  let plan: NetworkPlan
  const names = () => privateNetwork(world.substrate.installation.octet, slotOf(plan), ['a', 'b', 'c'])

  beforeAll(async () => {
    world = await makeLocalWorld({ networks: 'private' })
    plan = await world.substrate.network.claim('walled')
  })
  afterAll(async () => {
    await world.dispose()
  })

  const server = (place: string, port: number): InstanceSpec =>
    world.instance({
      cluster: 'walled',
      name: `server-${place}-${port}`,
      place,
      program: { name: 'script', version: 'own' },
      args: ['-e', SERVER, '--', place === 'region' ? plan.nodes!.endpoint.host : plan.zones[place]!.host, `${port}`],
      stopGraceSeconds: 1,
    })

  async function observed(name: string): Promise<ObservedInstance | undefined> {
    return (await world.substrate.instances.observe('walled')).find((instance) => instance.name === name)
  }

  it('when a program starts in a zone of a network that nobody has made, the start makes it', async () => {
    const { network, instances } = world.substrate
    expect(plan.kind).toBe('private')
    expect(await network.isPresent('walled')).toBe(false)
    await Promise.all(
      [server('a', 2379), server('b', 6443), server('region', 6443)].map((spec) => instances.ensure(spec)),
    )
    expect(await until(() => ask(plan.zones['a']!.host, 2379))).toBe(await namespaceOf(names().zones[0]!.namespace))
    expect(await until(() => ask(plan.nodes!.endpoint.host, 6443))).not.toBe(
      await namespaceOf(names().zones[0]!.namespace),
    )
    expect(await network.isPresent('walled')).toBe(true)
    expect((await observed('server-a-2379'))?.state).toBe('running')
  })

  it('when nodes are joined, they reach API servers and the endpoint, and nothing else of members or host', async () => {
    const { network, paths } = world.substrate
    const [one, two] = [await network.claimNode('walled', 'one'), await network.claimNode('walled', 'two')]
    for (const { host } of [one, two]) await ensureNodeNetwork(paths, host)
    expect(await isNodeNetworkPresent(one.host)).toBe(true)
    const inOne = (host: string, port: number) => askFrom(`${names().namespacePrefix}n1`, host, port)
    expect(await inOne(plan.zones['b']!.host, 6443)).toBe('answered')
    expect(await inOne(plan.nodes!.endpoint.host, 6443)).toBe('answered')
    // Listening, and out of reach.
    expect(await inOne(plan.zones['a']!.host, 2379)).toBe('no answer')
    expect(await askFrom(names().zones[1]!.namespace, plan.zones['a']!.host, 2379)).toBe('answered')
    await world.substrate.instances.ensure(server('region', 8000))
    await until(() => ask(plan.nodes!.endpoint.host, 8000))
    expect(await inOne(plan.nodes!.endpoint.host, 8000)).toBe('no answer')
    expect(await inOne(two.host, 1)).toBe('refused')
  })

  it('when another network stands beside it, neither reaches anything of the other', async () => {
    const { network, installation } = world.substrate
    const other = await network.claim('other')
    await network.ensure('other')
    expect(await network.isPresent('other')).toBe(true)
    const slot = slotOf(other)
    const strangers = ['a', 'router'].map((part) => `ek-${installation.octet}-${slot}-${part}`)
    for (const stranger of strangers) {
      for (const [host, port] of [
        [plan.zones['b']!.host, 6443],
        [plan.nodes!.endpoint.host, 6443],
      ] as const) {
        expect(await askFrom(stranger, host, port), `${stranger} to ${host}`).toBe('no answer')
      }
    }
    await network.release('other')
    expect(await left(`ek-${installation.octet}-${slot}-`)).toEqual([])
  })

  it.each<[string, (parts: ReturnType<typeof names>) => string]>([
    ['the router', ({ routerNamespace }) => `ip netns del ${routerNamespace}`],
    ['the name of a zone', ({ zones }) => `ip netns del ${zones[0]!.namespace}`],
    [
      'the router and the name of a zone',
      (all) => `ip netns del ${all.routerNamespace}; ip netns del ${all.zones[0]!.namespace}`,
    ],
    ['an idle zone', ({ zones }) => `ip netns del ${zones[2]!.namespace}`],
    ['the link to the host', ({ hostLink }) => `ip link del ${hostLink}`],
    ['the link of a zone', ({ zones }) => `ip -n ${zones[0]!.namespace} link del eth0`],
    ['the address of a zone', ({ zones }) => `ip -n ${zones[0]!.namespace} addr flush dev eth0`],
    ['a route of the host', ({ cidr }) => `ip route del ${cidr}`],
    ['the rules of the router', ({ routerNamespace }) => `ip netns exec ${routerNamespace} nft flush ruleset`],
    ['the rules of a zone', ({ zones }) => `ip netns exec ${zones[1]!.namespace} nft flush ruleset`],
  ])('when %s is lost under running programs, it is put back, and they are reached again', async (_what, loss) => {
    const { network } = world.substrate
    const pid = (await observed('server-a-2379'))?.pid
    await promisify(execFile)('sh', ['-c', loss(names())])
    expect(await network.isPresent('walled')).toBe(false)
    await until(async () => {
      await network.ensure('walled')
      return (await network.isPresent('walled')) || undefined
    })
    expect(await until(() => ask(plan.zones['a']!.host, 2379))).toBe(await namespaceOf(names().zones[0]!.namespace))
    expect((await observed('server-a-2379'))?.pid).toBe(pid)
    expect(await askFrom(`${names().namespacePrefix}n1`, plan.nodes!.endpoint.host, 6443)).toBe('answered')
    expect(await askFrom(`${names().namespacePrefix}n1`, plan.zones['a']!.host, 2379)).toBe('no answer')
  })

  it('when a node is removed, nothing of it is left', async () => {
    const { network, paths } = world.substrate
    const { host } = await network.claimNode('walled', 'two')
    await removeNodeNetwork(paths, host)
    await removeNodeNetwork(paths, host)
    await network.releaseNode('walled', 'two')
    expect(await isNodeNetworkPresent(host)).toBe(false)
    expect(await left(`${names().namespacePrefix}n2`)).toEqual([])
  })

  it('when everything is stopped, no namespace and no link is left; started again, all is back with no keeper', async () => {
    const { home, substrate } = world
    await stopTrees({ home, graceSeconds: () => 0 })
    expect(await left(`ek-${substrate.installation.octet}-`)).toEqual([])
    expect(await left(`ek${substrate.installation.octet}-`)).toEqual([])
    await ensureTrees({ home })
    await until(() => ask(plan.zones['a']!.host, 2379))
    await until(() => ask(plan.nodes!.endpoint.host, 6443))
    expect(await substrate.network.isPresent('walled')).toBe(true)
  })
})

function slotOf(plan: NetworkPlan): number {
  return Number(plan.endpoint.host.split('.').at(-1))
}

async function namespaceOf(name: string): Promise<string> {
  return `net:[${(await stat(`/run/netns/${name}`)).ino}]`
}

/** What somebody says at an address; rejects where nobody answers. */
async function ask(host: string, port: number): Promise<string> {
  const { stdout } = await promisify(execFile)('timeout', ['1', 'bash', '-c', `exec cat </dev/tcp/${host}/${port}`])
  return stdout
}

async function askFrom(namespace: string, host: string, port: number): Promise<'answered' | 'refused' | 'no answer'> {
  const words = ['netns', 'exec', namespace, 'timeout', '2', 'bash', '-c', `exec 3<>/dev/tcp/${host}/${port}`]
  return await promisify(execFile)('ip', words).then(
    () => 'answered' as const,
    (error: { stderr?: string }) => (/refused/i.test(error.stderr ?? '') ? 'refused' : 'no answer'),
  )
}

/** Names of namespaces and links that begin so. */
async function left(prefix: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('sh', ['-c', 'ls /run/netns /sys/class/net 2>/dev/null || :'])
  return stdout.split('\n').filter((name) => name.startsWith(prefix))
}

const DEADLINE_MS = 10_000

/** Until something is answered. */
async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + DEADLINE_MS
  for (;;) {
    const found = await look().catch((error: unknown) => {
      if (performance.now() > deadline) throw error
      return undefined
    })
    if (found !== undefined) return found
    if (performance.now() > deadline) throw new Error(`waited ${DEADLINE_MS} ms`)
  }
}
