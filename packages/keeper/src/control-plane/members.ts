import { type InstanceSpec, instanceDigest, type ObservedInstance } from '@evenkeel/substrate'
import { type ControlPlaneSnapshot, ENDPOINT_COMPONENT, type MemberProbe } from './snapshot.ts'

/** One desired member beside what was seen of it. */
export interface Member {
  readonly spec: InstanceSpec
  readonly desiredDigest: string
  readonly observed: ObservedInstance | undefined
  readonly probe: MemberProbe | undefined
  readonly ready: boolean
}

/** Every desired member, in the order of rendering. */
export function membersOf(snapshot: ControlPlaneSnapshot): readonly Member[] {
  const observed = new Map(snapshot.observedInstances.map((instance) => [instance.name, instance]))
  return (snapshot.desired?.instances ?? []).map((spec) => {
    const probe = snapshot.probes?.members[spec.name]
    return {
      spec,
      desiredDigest: instanceDigest(spec),
      observed: observed.get(spec.name),
      probe,
      ready: probe?.ready === true && isAlive(observed.get(spec.name)),
    }
  })
}

export function isAlive(instance: ObservedInstance | undefined): instance is ObservedInstance {
  return instance !== undefined && (instance.state === 'running' || instance.state === 'unsupervised')
}

/** Balancers of the endpoint, as the instance host sees them: the endpoint's driver owns their specs. */
export function balancersOf(snapshot: ControlPlaneSnapshot): readonly ObservedInstance[] {
  return snapshot.observedInstances.filter((instance) => instance.component === ENDPOINT_COMPONENT)
}

/** Observed instances that nobody wants any more. */
export function strayInstances(snapshot: ControlPlaneSnapshot): readonly ObservedInstance[] {
  if (snapshot.desired === undefined) {
    return []
  }
  const wanted = new Set(snapshot.desired.instances.map((spec) => spec.name))
  return snapshot.observedInstances.filter(
    (instance) => instance.component !== ENDPOINT_COMPONENT && !wanted.has(instance.name),
  )
}

/** Ready members of one component, and how many there should be. */
export function countReady(members: readonly Member[], component: string) {
  const those = members.filter((member) => member.spec.component === component)
  const notReady = those.filter((member) => !member.ready).map((member) => member.spec.name)
  return { total: those.length, ready: those.length - notReady.length, notReady }
}

/** Members that etcd needs to agree. */
export function quorumOf(total: number): number {
  return Math.floor(total / 2) + 1
}
