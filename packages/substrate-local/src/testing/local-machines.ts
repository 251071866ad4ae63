import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type MachineId, type MachineProgram, type MachineSpec, SubstrateFault } from '@evenkeel/substrate'
import type { MachinesUnderTest } from '@evenkeel/substrate/conformance'
import {
  claimantOf,
  ensureTrees,
  type LocalSubstrate,
  openLocalSubstrate,
  prepareInstallation,
  releaseClaims,
  stopTrees,
} from '../index.ts'
import type { MachineNetworkOf } from '../machines/index.ts'
import { machineGroup, machinePaths } from '../machines/machine-paths.ts'
import { privateNodeOf } from '../private-network/index.ts'
import type { ProgramResolver } from '../program-resolver.ts'
import { endAllOf } from './local-world.ts'

/** An installation of its own whose machines are on a network of their own, which leads nowhere. */
export interface LocalMachines extends MachinesUnderTest {
  readonly substrate: LocalSubstrate
  readonly home: string
  /** Runs words in a machine as its programs run there; answers what they print. */
  inside(machine: MachineId, ...words: string[]): Promise<string>
  /** Network namespace of a machine. */
  namespaceOf(spec: MachineSpec): string
  /** Every trace of a machine on this host, in words; empty when there is none. */
  tracesOf(spec: MachineSpec): Promise<readonly string[]>
}

const GIB = 2 ** 30

export interface LocalMachinesOptions {
  /** Of programs that are not the operating system's. */
  readonly resolver?: ProgramResolver
  /** Machines are in the private networks of their clusters. */
  readonly isPrivate?: true
}

export async function makeLocalMachines({ resolver, isPrivate }: LocalMachinesOptions = {}): Promise<LocalMachines> {
  const root = await mkdtemp(join(tmpdir(), 'evenkeel-machines-'))
  const home = join(root, 'home')
  let names: TestNetwork | undefined
  let made = 0
  const open = () =>
    openLocalSubstrate({
      home,
      resolver: async (program) =>
        program.version === 'system' || resolver === undefined ? resolveTestProgram(program) : resolver(program),
      floorBytes: GIB,
      ...(isPrivate ? {} : { machineNetworkOf: async (id, address) => machineNetworkOf(names)(id, address) }),
    })
  const dispose = async () => {
    try {
      await stopTrees({ home, graceSeconds: () => 0 })
    } finally {
      await endAllOf(home)
      // Again, for what was still held by somebody then.
      await stopTrees({ home })
      await names?.remove()
      await releaseClaims(claimantOf({ home }))
      await rm(root, { recursive: true, force: true, maxRetries: 5 })
    }
  }
  try {
    const { installation } = await prepareInstallation({ home })
    if (!isPrivate) names = await makeNetwork(installation.octet)
    await ensureTrees({ home })
    const substrate = await open()
    const namespaceOf = ({ address: { host } }: MachineSpec) =>
      names?.namespaceOf(host) ?? privateNodeOf(host).namespace
    const routerOf = ({ address: { host } }: MachineSpec) =>
      names?.router ?? privateNodeOf(host).network.routerNamespace
    const groupOf = (id: MachineId) => machineGroup(substrate.installation.id, id)
    return {
      substrate,
      home,
      machines: substrate.machines,
      reopen: async () => (await open()).machines,
      turn: () => sleep(20),
      async machine(wishes) {
        made += 1
        if (isPrivate) await substrate.network.claim(wishes.cluster)
        const address = isPrivate ? await substrate.network.claimNode(wishes.cluster, wishes.name) : testAddress(made)
        return {
          zone: 'a',
          instanceType: 't3.nano',
          resources: { cpus: 1, memoryMib: 128, diskGib: 1 },
          address,
          tools: [],
          programs: [testProgram('one'), testProgram('two')],
          ...wishes,
        }
      },
      async killProgram(id, name) {
        const machine = (await substrate.machines.observe(id.cluster)).find((each) => each.name === id.name)
        process.kill(machine!.programs.find((program) => program.name === name)!.pid!, 'SIGKILL')
      },
      tooMuch: { cpus: 10_000, memoryMib: 100_000_000, diskGib: 1_000_000 },
      namespaceOf,
      async inside(id, ...words) {
        const { enter } = machinePaths(substrate.paths, id)
        return (await run('sh', enter, ...words)).trim()
      },
      async tracesOf(spec) {
        const { disk } = machinePaths(substrate.paths, spec)
        const [mounts, loops, spaces, groups, files, routes] = await Promise.all([
          run('grep', '-F', `/${spec.cluster}/${spec.name}/`, '/proc/self/mountinfo').catch(() => ''),
          run('losetup', '-j', disk),
          run('ip', 'netns', 'list'),
          run('sh', '-c', `ls -d /sys/fs/cgroup/"$0" /sys/fs/cgroup/*/"$0" 2>/dev/null || :`, groupOf(spec)),
          run('sh', '-c', `find "$0" -path "*$1*" || :`, home, `${spec.cluster}[./]${spec.name}`),
          run('ip', '-n', routerOf(spec), 'route', 'show', spec.address.podCidr).catch(() => ''),
        ])
        const namespace = namespaceOf(spec)
        const isNamed = spaces.split('\n').some((line) => line.split(' ')[0] === namespace)
        return [mounts, loops, isNamed ? namespace : '', groups, files, routes]
          .flatMap((text) => text.split('\n'))
          .filter((line) => line !== '')
      },
      dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

function testAddress(number: number): MachineSpec['address'] {
  return { host: `100.65.0.${10 + number}`, podCidr: `10.200.${number}.0/24` }
}

/** `sleep` until SIGTERM, unless told otherwise. */
export function testProgram(name: string, more: Partial<MachineProgram> = {}): MachineProgram {
  return {
    name,
    program: { name: 'sleep', version: 'system' },
    args: ['100000'],
    env: {},
    files: [],
    stopGraceSeconds: 5,
    ...more,
  }
}

/** A program whose text is given: it is among its files. */
export function scriptProgram(name: string, text: string, more: Partial<MachineProgram> = {}): MachineProgram {
  return testProgram(name, {
    program: { name: 'sh', version: 'system' },
    args: [`/etc/evenkeel/${name}.sh`],
    files: [{ path: `${name}.sh`, content: text, onChange: 'restart' }],
    ...more,
  })
}

const resolveTestProgram: ProgramResolver = async ({ name }) => {
  if (name === 'sleep') return { file: '/usr/bin/sleep', args: [] }
  if (name === 'sh') return { file: '/usr/bin/sh', args: [] }
  if (name === 'node') return { file: process.execPath, args: [] }
  throw new SubstrateFault('NotFound', `there is no ${name} in this test`)
}

interface TestNetwork {
  readonly router: string
  namespaceOf(host: string): string
  remove(): Promise<void>
}

/** A router without a way out, and a bridge for machines. */
async function makeNetwork(octet: number): Promise<TestNetwork> {
  const prefix = `evenkeel-test-${octet}-`
  const router = `${prefix}router`
  const remove = async () => {
    for (const line of (await run('ip', 'netns', 'list')).split('\n')) {
      const name = line.split(' ')[0] ?? ''
      if (name.startsWith(prefix)) await run('ip', 'netns', 'del', name)
    }
  }
  await remove()
  await run('ip', 'netns', 'add', router)
  await run('ip', '-n', router, 'link', 'add', 'br0', 'type', 'bridge')
  await run('ip', '-n', router, 'addr', 'add', '100.65.0.2/24', 'dev', 'br0')
  for (const link of ['br0', 'lo']) await run('ip', '-n', router, 'link', 'set', link, 'up')
  return { router, namespaceOf: (host) => `${prefix}n${host.split('.')[3]}`, remove }
}

function machineNetworkOf(network: TestNetwork | undefined): MachineNetworkOf {
  return async (_id, { host, podCidr }) => {
    if (network === undefined) throw new SubstrateFault('NotReady', 'there is no network yet')
    const { router } = network
    const namespace = network.namespaceOf(host)
    const port = `n-${host.split('.')[3]}`
    return {
      namespace,
      ensure: [
        'set -e',
        `ip -n ${namespace} link show lo >/dev/null 2>&1 || { ip netns del ${namespace} 2>/dev/null || :; ip netns add ${namespace}; }`,
        `ip -n ${namespace} link show eth0 >/dev/null 2>&1 || {`,
        `  ip -n ${router} link del ${port} 2>/dev/null || :`,
        `  ip -n ${router} link add ${port} type veth peer name eth0 netns ${namespace}`,
        '}',
        `ip -n ${router} link set ${port} master br0 up`,
        `ip -n ${namespace} link set lo up`,
        `ip -n ${namespace} addr replace ${host}/24 dev eth0`,
        `ip -n ${namespace} link set eth0 up`,
        `ip -n ${namespace} route replace default via 100.65.0.2`,
        `ip -n ${router} route replace ${podCidr} via ${host}`,
      ].join('\n'),
      remove: [
        `ip -n ${router} route del ${podCidr} 2>/dev/null || :`,
        `[ ! -e /run/netns/${namespace} ] || ip netns del ${namespace}`,
      ].join('\n'),
    }
  }
}

async function run(...words: [string, ...string[]]): Promise<string> {
  const [file, ...args] = words
  const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' }
  return (await promisify(execFile)(file, args, { env, maxBuffer: 16 * 2 ** 20 })).stdout
}
