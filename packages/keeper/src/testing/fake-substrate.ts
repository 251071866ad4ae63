import { createHash } from 'node:crypto'
import { FakeClock } from '@evenkeel/kernel/testing'
import {
  type ClusterId,
  type ClusterNetwork,
  type ClusterRecords,
  type Elector,
  type Endpoint,
  type EndpointSpec,
  type FaultCode,
  type NetworkPlan,
  type ObservedVolume,
  type Substrate,
  SubstrateFault,
  type VolumeStore,
} from '@evenkeel/substrate'
import { FakeInstanceHost } from './fake-instance-host.ts'

/** Which call is to be refused, such as `volumes.ensure`. */
type Call = 'volumes.ensure' | 'network.claim' | 'instances.ensure' | 'endpoint.ensure'

/** A substrate in memory with a clock that stands still: programs start, answer and end after fixed times. */
export class FakeSubstrate implements Substrate {
  readonly zones = ['a', 'b', 'c']
  readonly clock: FakeClock
  readonly instances: FakeInstanceHost
  readonly #volumes = new Map<ClusterId, ObservedVolume[]>()
  readonly #records = new Map<ClusterId, Map<string, string>>()
  readonly #claims: ClusterId[] = []
  readonly #faults = new Map<Call, FaultCode>()
  /** Every change, as `call cluster/name`, in order. */
  readonly journal: string[]

  constructor(startMs = Date.parse('2026-11-24T12:00:00Z')) {
    this.clock = new FakeClock(startMs)
    this.instances = new FakeInstanceHost(this.clock, (call) => this.#refuse(call))
    this.journal = this.instances.journal
  }

  /** Makes a call throw until `code` is undefined. */
  refuse(call: Call, code: FaultCode | undefined): void {
    if (code === undefined) {
      this.#faults.delete(call)
    } else {
      this.#faults.set(call, code)
    }
  }

  readonly volumes: VolumeStore = {
    ensure: async ({ cluster, name, zone }) => {
      this.#refuse('volumes.ensure')
      const known = this.#volumes.get(cluster) ?? []
      if (!known.some((volume) => volume.name === name)) {
        this.#volumes.set(cluster, [...known, { cluster, name, zone, state: 'present' }])
        this.journal.push(`make volume ${cluster}/${name}`)
      }
    },
    observe: async (cluster) => this.#volumes.get(cluster) ?? [],
    remove: async (cluster) => {
      if (this.#volumes.delete(cluster)) {
        this.journal.push(`remove volumes ${cluster}`)
      }
    },
    clusters: async () => [...this.#volumes.keys()],
    headroomBytes: async () => 1 << 30,
  }

  readonly network: ClusterNetwork = {
    claim: async (cluster) => {
      this.#refuse('network.claim')
      if (!this.#claims.includes(cluster)) {
        this.#claims.push(cluster)
        this.journal.push(`claim network ${cluster}`)
      }
      return networkPlan(this.#claims.indexOf(cluster) + 2)
    },
    release: async (cluster) => {
      const at = this.#claims.indexOf(cluster)
      if (at >= 0) {
        this.#claims.splice(at, 1)
        this.journal.push(`release network ${cluster}`)
      }
    },
    clusters: async () => [...this.#claims],
  }

  readonly endpoint: Endpoint = {
    ensure: async (spec) => {
      this.#refuse('endpoint.ensure')
      this.instances.ensureBalancers(spec.cluster, this.endpoint.digest(spec))
    },
    observe: async (cluster) => this.instances.observeBalancers(cluster),
    digest: (spec: EndpointSpec) => createHash('sha256').update(JSON.stringify(spec)).digest('hex').slice(0, 16),
    remove: async (cluster) => this.instances.removeBalancers(cluster),
  }

  readonly records: ClusterRecords = {
    clusters: async () => [...this.#records.keys()],
    readAll: async (cluster) => new Map(this.#records.get(cluster)),
    read: async (cluster, name) => this.#records.get(cluster)?.get(name),
    write: async (cluster, name, content) => {
      const known = this.#records.get(cluster) ?? new Map<string, string>()
      this.#records.set(cluster, known.set(name, content))
      this.journal.push(`record ${cluster}/${name}`)
    },
    writeOnce: async (cluster, name, content) => {
      const known = this.#records.get(cluster)?.get(name)
      if (known === undefined) {
        await this.records.write(cluster, name, content)
      }
      return known ?? content
    },
    remove: async (cluster) => {
      if (this.#records.delete(cluster)) {
        this.journal.push(`remove records ${cluster}`)
      }
    },
  }

  readonly elector: Elector = {
    campaign: async (key) => {
      const abort = new AbortController()
      return { key, signal: abort.signal, resign: async () => abort.abort() }
    },
  }

  loseVolume(cluster: ClusterId, name: string, how: 'gone' | 'lost'): void {
    const others = (this.#volumes.get(cluster) ?? []).filter((volume) => volume.name !== name)
    const lost: ObservedVolume[] = how === 'lost' ? [{ cluster, name, zone: name.slice(-1), state: 'lost' }] : []
    this.#volumes.set(cluster, [...others, ...lost])
  }

  /** What is left of a cluster, as words; empty when nothing is. */
  async remains(cluster: ClusterId): Promise<readonly string[]> {
    const instances = await this.instances.observe(cluster)
    return [
      ...instances.map((instance) => `instance ${instance.name}`),
      ...(this.#volumes.get(cluster) ?? []).map((volume) => `volume ${volume.name}`),
      ...(this.#claims.includes(cluster) ? ['network'] : []),
      ...[...(this.#records.get(cluster)?.keys() ?? [])].map((name) => `record ${name}`),
    ]
  }

  #refuse(call: Call): void {
    const code = this.#faults.get(call)
    if (code !== undefined) {
      throw new SubstrateFault(code, `${call} was refused by the test: take the fault away`)
    }
  }
}

/** Addresses of the cluster with slot number `slot`. */
export function networkPlan(slot: number): NetworkPlan {
  const zone = (number: number) => ({ host: `127.9.${number}.${slot}`, advertise: `198.18.${number}.${slot}` })
  return {
    kind: 'loopback',
    endpoint: { host: `127.9.0.${slot}`, bind: `127.9.0.${slot}`, port: 6443 },
    zones: { a: zone(1), b: zone(2), c: zone(3) },
  }
}
