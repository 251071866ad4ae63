import {
  filesDigest,
  type InstanceSpec,
  instanceDigest,
  type NetworkPlan,
  type ObservedInstance,
} from '@evenkeel/substrate'
import type { ControlPlaneSnapshot, MemberProbe } from '../control-plane/snapshot.ts'
import { type HostedIntent, type Intent, intentOf } from '../intent/index.ts'
import { FakeBlueprint } from './fake-blueprint.ts'
import { clusterObject, RELEASE } from './keeper-world.ts'

export const NOW_MS = Date.parse('2026-11-24T13:00:00Z')

const zone = (number: number) => ({ host: `127.9.${number}.2`, advertise: `198.18.${number}.2` })

/** Addresses as the local substrate gives them. */
export const LOOPBACK: NetworkPlan = {
  kind: 'loopback',
  endpoint: { host: '127.9.0.2', bind: '127.9.0.2', port: 6443 },
  zones: { a: zone(1), b: zone(2), c: zone(3) },
}

/** Of a cluster with a network of its own, as the local substrate gives them. */
export const PRIVATE: NetworkPlan = {
  ...LOOPBACK,
  kind: 'private',
  nodes: {
    endpoint: { host: '100.66.64.129', port: 6443 },
    relay: { host: '100.66.64.129', port: 9443 },
    cidr: '100.66.64.128/26',
    podCidr: '198.18.0.0/16',
  },
}

export function hostedIntent(change: Partial<HostedIntent> = {}): HostedIntent {
  const intent = intentOf(clusterObject({ name: 'web' }))
  if ('refused' in intent) {
    throw new Error(intent.refused)
  }
  return { ...intent, ...change }
}

/** As the host shows a program that runs what was asked for. */
export function observedOf(spec: InstanceSpec, change: Partial<ObservedInstance> = {}): ObservedInstance {
  const { cluster, name, component, place, program } = spec
  return {
    cluster,
    name,
    component,
    place,
    program,
    state: 'running',
    runningDigest: instanceDigest(spec),
    writtenDigest: instanceDigest(spec),
    filesDigest: filesDigest(spec),
    pid: 1000,
    startedAt: NOW_MS - 600_000,
    ...change,
  }
}

function desiredOf(intent: Intent) {
  const leaves = JSON.stringify({ serial: 1, expiresMs: NOW_MS + 300 * 86_400_000 })
  const zones = ['a', 'b', 'c']
  const topology =
    intent.kind === 'hosted'
      ? { etcdZones: zones, apiServerZones: zones.slice(0, 2) }
      : { etcdZones: ['a'], apiServerZones: ['a'] }
  const input = { id: 'abc', intent, topology, network: LOOPBACK, keys: 'keys', leaves, release: RELEASE }
  const { instances, endpoint } = new FakeBlueprint().render(input)
  const volumes = instances.flatMap(({ volumes, place }) => volumes.map((name) => ({ name, zone: place })))
  return {
    topology,
    desired: {
      instances,
      volumes,
      endpoint: endpoint === undefined ? undefined : { spec: endpoint, digest: 'e1' },
      objects: [],
    },
  }
}

/** A hosted cluster that is ACTIVE and wants nothing; `change` says what is otherwise. */
export function settled(change: Partial<ControlPlaneSnapshot> = {}): ControlPlaneSnapshot {
  const intent = change.intent ?? hostedIntent()
  const { topology, desired } = desiredOf(intent)
  const balancers = ['endpoint-1', 'endpoint-2'].map(
    (name): ObservedInstance => ({
      cluster: 'abc',
      name,
      component: 'endpoint',
      place: 'region',
      program: { name: 'haproxy', version: 'system' },
      state: 'running',
      writtenDigest: 'e1',
      runningDigest: 'e1',
      pid: 900,
    }),
  )
  return {
    id: 'abc',
    nowMs: NOW_MS,
    intent,
    effort: undefined,
    outcome: { result: 'active', at: '2026-11-24T12:00:10.000Z' },
    topology,
    release: RELEASE,
    offered: RELEASE,
    programs: { state: 'present' },
    caCertificate: 'CA',
    leaves: { due: false, nextExpiry: '2027-09-20T00:00:00Z', authoritiesEnd: '2036-11-24T00:00:00Z' },
    network: LOOPBACK,
    networkPresent: true,
    desired,
    observedVolumes: desired.volumes.map((volume) => ({ cluster: 'abc', ...volume, state: 'present' })),
    isBelowFloor: false,
    observedInstances: [...desired.instances.map((spec) => observedOf(spec)), ...balancers],
    observedEndpoint: {
      cluster: 'abc',
      digest: 'e1',
      balancers: balancers.map(({ name }) => ({ name, state: 'running' })),
    },
    instancesEnsuredMs: new Map(),
    endpointEnsuredMs: undefined,
    restarts: [],
    probes: {
      members: Object.fromEntries(desired.instances.map(({ name }) => [name, { ready: true }])),
      endpoint: { ready: true },
      defaultServiceAccount: true,
      token: { ready: true },
      objects: true,
    },
    refusals: [],
    nodeGroups: [],
    machines: [],
    admitted: true,
    homeAccess: intent.kind === 'home' ? { filesWritten: true, rightsGranted: true } : undefined,
    tokensValidUntil: '2026-12-24T00:00:00Z',
    ...change,
  }
}

/** Some members are otherwise. */
export function withInstances(
  snapshot: ControlPlaneSnapshot,
  changes: Readonly<Record<string, Partial<ObservedInstance> | 'absent'>>,
): ControlPlaneSnapshot {
  const observedInstances = snapshot.observedInstances.flatMap((instance) => {
    const change = changes[instance.name]
    return change === 'absent' ? [] : [{ ...instance, ...change }]
  })
  return { ...snapshot, observedInstances }
}

/** Some members do not answer. */
export function withSilent(snapshot: ControlPlaneSnapshot, ...names: readonly string[]): ControlPlaneSnapshot {
  return names.reduce((changed, name) => withProbe(changed, name, { ready: false }), snapshot)
}

/** One member of etcd says that it leads. */
export function withLeader(snapshot: ControlPlaneSnapshot, name: string): ControlPlaneSnapshot {
  return withProbe(snapshot, name, { ready: true, leader: true })
}

/** An API server says that it was told to end. */
export function withLeaving(snapshot: ControlPlaneSnapshot, name: string): ControlPlaneSnapshot {
  return withProbe(snapshot, name, { ready: false, leaving: true })
}

function withProbe(snapshot: ControlPlaneSnapshot, name: string, probe: MemberProbe): ControlPlaneSnapshot {
  const { probes } = snapshot
  return probes === undefined
    ? snapshot
    : { ...snapshot, probes: { ...probes, members: { ...probes.members, [name]: probe } } }
}
