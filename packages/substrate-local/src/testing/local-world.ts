import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { EndpointSpec, InstanceSpec, ProgramRef } from '@evenkeel/substrate'
import { SubstrateFault } from '@evenkeel/substrate'
import type { SubstrateUnderTest } from '@evenkeel/substrate/conformance'
import {
  claimantOf,
  ensureTrees,
  type LocalSubstrate,
  openLocalSubstrate,
  prepareInstallation,
  releaseClaims,
  stopTrees,
} from '../index.ts'
import { readEnvironment } from '../processes/index.ts'
import type { ProgramCommand, ProgramResolver } from '../program-resolver.ts'

/**
 * An installation of its own below the temporary folder, with its trees up. Its claims are real ones: with another's
 * octet its balancers would share the ports of that installation's.
 */
export interface LocalWorld extends SubstrateUnderTest {
  readonly substrate: LocalSubstrate
  readonly home: string
}

const FLOOR_BYTES = 1000

export interface LocalWorldOptions {
  /** Clusters get private networks, which only root can make; loopback unless given. */
  readonly networks?: 'private'
}

export async function makeLocalWorld({ networks }: LocalWorldOptions = {}): Promise<LocalWorld> {
  const root = await mkdtemp(join(tmpdir(), 'evenkeel-local-'))
  const home = join(root, 'home')
  let freeBytes = FLOOR_BYTES * 10
  const open = () =>
    openLocalSubstrate({
      home,
      resolver: resolveTestProgram,
      floorBytes: FLOOR_BYTES,
      freeBytes: async () => freeBytes,
      whyNotPrivate: async () => (networks === 'private' ? undefined : 'this test is about loopback'),
    })
  const campaigns: ChildProcess[] = []
  const dispose = async () => {
    for (const child of campaigns) child.kill('SIGKILL')
    try {
      await stopTrees({ home, graceSeconds: () => 0 })
    } finally {
      await endAllOf(home)
      await releaseClaims(claimantOf({ home }))
      await rm(root, { recursive: true, force: true, maxRetries: 5 })
    }
  }
  try {
    await prepareInstallation({ home })
    await ensureTrees({ home })
    const substrate = await open()
    return {
      substrate,
      home,
      floorBytes: FLOOR_BYTES,
      reopen: open,
      turn: () => sleep(20),
      instance: testInstance,
      async kill({ pid }) {
        if (pid !== undefined) process.kill(pid, 'SIGKILL')
      },
      setFreeBytes(bytes) {
        freeBytes = bytes
      },
      async campaignElsewhere(key) {
        const child = spawn(process.execPath, [join(import.meta.dirname, 'campaign.ts'), key], {
          env: { PATH: process.env['PATH'], LOCK_SECRET: substrate.installation.lockSecret },
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        campaigns.push(child)
        return {
          leads: once(child.stdout, 'data').then(() => undefined),
          async die() {
            child.kill('SIGKILL')
            await once(child, 'exit')
          },
        }
      },
      endpoint: (wishes) => testEndpoint(substrate, wishes),
      dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** `sleep` of the machine, scripts of ours, and HAProxy. */
const resolveTestProgram: ProgramResolver = async (program: ProgramRef): Promise<ProgramCommand> => {
  if (program.name === 'sleep') return { file: '/bin/sleep', args: [] }
  if (program.name === 'script') return { file: process.execPath, args: [] }
  if (program.name === 'haproxy') return { file: '/usr/sbin/haproxy', args: [] }
  throw new SubstrateFault('NotFound', `there is no ${program.name} in this test`)
}

function testInstance(wishes: Pick<InstanceSpec, 'cluster' | 'name'> & Partial<InstanceSpec>): InstanceSpec {
  return {
    component: 'sleep',
    place: 'a',
    program: { name: 'sleep', version: 'v1.0.0' },
    args: ['100000'],
    env: {},
    files: [],
    volumes: [],
    stopGraceSeconds: 5,
    ...wishes,
  }
}

async function testEndpoint(
  substrate: LocalSubstrate,
  wishes: Pick<EndpointSpec, 'cluster'> & Partial<EndpointSpec>,
): Promise<EndpointSpec> {
  const { endpoint, zones } = await substrate.network.claim(wishes.cluster)
  return {
    bind: endpoint.bind,
    port: endpoint.port,
    backends: ['a', 'b'].map((zone) => ({ zone, host: zones[zone]!.host, port: 6443 })),
    caCertificate: (await testCertificate()).certificate,
    serverName: 'kubernetes',
    ...wishes,
  }
}

export interface TestCertificate {
  readonly certificate: string
  readonly key: string
}

/** A self-signed certificate for the name `kubernetes`. */
export async function testCertificate(): Promise<TestCertificate> {
  const folder = await mkdtemp(join(tmpdir(), 'evenkeel-certificate-'))
  try {
    const [certificate, key] = [join(folder, 'certificate'), join(folder, 'key')]
    const request = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2'
    const names = ['-subj', `/CN=${randomBytes(4).toString('hex')}`, '-addext', 'subjectAltName=DNS:kubernetes']
    const files = ['-keyout', key, '-out', certificate]
    await promisify(execFile)('openssl', request.split(' ').concat(names, files))
    return { certificate: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Whatever still runs for a state folder, whoever lost it; answers what that was. */
export async function endAllOf(home: string): Promise<readonly string[]> {
  const ended: string[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)) {
    if (pid === process.pid || readEnvironment(pid).get('EVENKEEL_HOME') !== home) continue
    ended.push(`${pid} ${await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => 'gone')}`)
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
  return ended
}
