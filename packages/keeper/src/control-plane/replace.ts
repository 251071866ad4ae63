import type { Note } from '@evenkeel/kernel'
import type { ObservedInstance } from '@evenkeel/substrate'
import { balancersOf, countReady, isAlive, type Member, quorumOf } from './members.ts'
import { REASON } from './reasons.ts'
import type { ControlPlaneSnapshot } from './snapshot.ts'
import type { Step } from './steps.ts'

/** A member that does not answer for so long after its start may be replaced although it was never ready. */
const PATIENCE_WITH_A_START_MS = 60_000
/** Within it a balancer listens, on a busy machine, too: it takes 0.1 s of an idle one. */
const BALANCER_START_MS = 2000
/** On top of the member's own grace: how long a restart that was asked for may take to be seen. */
const PATIENCE_WITH_A_RESTART_MS = 10_000

/** Within a zone: stores first, since what stands on them follows by itself. A hop goes while its API server is away. */
const ORDER = ['etcd', 'etcd-hop', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler']
/** Controllers talk to the API server of their zone: what interrupts that interrupts them, so they go with it. */
const TOGETHER: readonly string[] = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler']

interface Candidate {
  readonly name: string
  readonly component: string
  readonly place: string
  readonly instance: ObservedInstance
  readonly ready: boolean
  readonly graceSeconds: number
  readonly why: string
}

export interface Replacement {
  readonly steps: readonly Step[]
  readonly notes: readonly Note[]
  /** Something still runs with another spec than the one written down, or without its supervisor. */
  readonly pending: boolean
}

/**
 * Who is restarted next, so that it runs what is written down, under its supervisor: one at a time (an API server with
 * the controllers of its zone), zone by zone, and only while everybody else is ready. A member that serves nobody anyway
 * may go first, since that costs nothing; but never an etcd member while another one is away, unless the quorum is lost
 * already. An etcd hop goes while the API server that it serves, restarted before it, serves nobody: a hop that ends cuts
 * what the API server has asked of etcd. An etcd member needs no such care: it finishes what it was asked, and hops send
 * what is new to another one.
 */
export function planReplacement(snapshot: ControlPlaneSnapshot, members: readonly Member[]): Replacement {
  const candidates = [...candidateMembers(members), ...candidateBalancers(snapshot)].sort(inTurn(snapshot, members))
  if (candidates.length === 0) {
    return { steps: [], notes: [], pending: false }
  }
  const first = describe(candidates)
  const dependents = candidates.flatMap((candidate) => dependentOf(candidate, members) ?? [])
  const underway = restartUnderway(snapshot, [...candidates, ...dependents]) ?? leavingMember(members)
  if (underway !== undefined) {
    return waiting(`${underway} is being restarted; ${first}`)
  }
  const bare = candidates.find((candidate) => isServingNobody(snapshot, members, candidate))
  if (bare !== undefined) {
    return restart(snapshot, [bare])
  }
  const idle = candidates.find((candidate) => !candidate.ready && mayReplaceIdle(snapshot, members, candidate))
  if (idle !== undefined) {
    return restart(snapshot, [idle])
  }
  const serving = candidates.find((candidate) => candidate.ready)
  const away = members.filter((member) => !member.ready).map((member) => member.spec.name)
  away.push(...missingBalancers(snapshot))
  if (serving === undefined || away.length > 0) {
    return waiting(`${first}; ${away.join(', ')} must be ready before that`)
  }
  const next = dependentOf(serving, members) ?? serving
  const isAlong = (one: Candidate) =>
    one.place === next.place && TOGETHER.includes(one.component) && one.name !== next.name
  return restart(snapshot, [next, ...(TOGETHER.includes(next.component) ? candidates.filter(isAlong) : [])])
}

/** The API server that an etcd hop serves, which goes before it and in good order: its clients are led away. */
function dependentOf(candidate: Candidate, members: readonly Member[]): Candidate | undefined {
  const member = members.find(({ spec }) => spec.component === 'kube-apiserver' && spec.place === candidate.place)
  if (candidate.component !== 'etcd-hop' || member?.observed === undefined) {
    return undefined
  }
  const { name, component, place, stopGraceSeconds } = member.spec
  const why = `${candidate.name} is to be restarted, which cuts what it has asked of etcd`
  return { name, component, place, instance: member.observed, ready: member.ready, graceSeconds: stopGraceSeconds, why }
}

/** Whether the API server behind a hop has only just begun, while all others are ready. */
function isServingNobody(snapshot: ControlPlaneSnapshot, members: readonly Member[], candidate: Candidate): boolean {
  const dependent = dependentOf(candidate, members)
  if (dependent === undefined || dependent.ready) {
    return false
  }
  const { instance } = dependent
  // Without its supervisor it is the one that is to go: young, maybe, and still leading its clients away.
  const hasBegun = instance.state === 'running' && snapshot.nowMs - (instance.startedAt ?? 0) < PATIENCE_WITH_A_START_MS
  const others = members.filter(({ spec }) => spec.place !== candidate.place)
  return (hasBegun || instance.state === 'starting') && others.every(({ ready }) => ready)
}

function candidateMembers(members: readonly Member[]): Candidate[] {
  return members.flatMap(({ spec, desiredDigest, observed, ready }) => {
    if (observed?.pid === undefined || observed.writtenDigest !== desiredDigest) {
      return []
    }
    const drifted = observed.runningDigest !== undefined && observed.runningDigest !== desiredDigest
    const unsupervised = observed.state === 'unsupervised'
    if (!unsupervised && !(observed.state === 'running' && drifted)) {
      return []
    }
    const { name, component, place, stopGraceSeconds } = spec
    const why = unsupervised ? 'its supervisor was lost' : 'its program, flags or files have changed'
    return [{ name, component, place, instance: observed, ready, graceSeconds: stopGraceSeconds, why }]
  })
}

/** Their driver writes them down (`Endpoint.ensure`), and brings changes into force; what is left is a lost supervisor. */
function candidateBalancers(snapshot: ControlPlaneSnapshot): Candidate[] {
  return balancersOf(snapshot)
    .filter((balancer) => balancer.state === 'unsupervised' && balancer.writtenDigest !== undefined)
    .map((balancer) => {
      const { name, component, place } = balancer
      const why = 'its supervisor was lost'
      return { name, component, place, instance: balancer, ready: true, graceSeconds: 10, why }
    })
}

/** One that has just begun may not listen yet: were the other one to end now, the cluster would have no address. */
function missingBalancers(snapshot: ControlPlaneSnapshot): string[] {
  return balancersOf(snapshot)
    .filter((balancer) => !isAlive(balancer) || snapshot.nowMs - (balancer.startedAt ?? 0) < BALANCER_START_MS)
    .map((balancer) => balancer.name)
}

/**
 * Zone by zone, that of etcd's leader last: a leader that ends hands over to a member that stays, and drops what other
 * members hand to it in those milliseconds (etcd 3.7). Leaving last, it does so once.
 */
function inTurn(snapshot: ControlPlaneSnapshot, members: readonly Member[]) {
  const leading = members.find(({ probe }) => probe?.leader === true)?.spec.place
  const zones = snapshot.topology.etcdZones.toSorted(
    (one, other) => Number(one === leading) - Number(other === leading),
  )
  const rank = (candidate: Candidate) => {
    const zone = zones.indexOf(candidate.place)
    return (zone < 0 ? zones.length : zone) * 100 + ORDER.indexOf(candidate.component) + 1
  }
  return (one: Candidate, other: Candidate) => rank(one) - rank(other) || (one.name < other.name ? -1 : 1)
}

/** A restart that was asked for while the same process is still there: a second signal would cut its drain short. */
function restartUnderway(snapshot: ControlPlaneSnapshot, candidates: readonly Candidate[]): string | undefined {
  return candidates.find((candidate) =>
    snapshot.restarts.some(
      (restart) =>
        restart.name === candidate.name &&
        restart.pid === candidate.instance.pid &&
        snapshot.nowMs - restart.sinceMs < candidate.graceSeconds * 1000 + PATIENCE_WITH_A_RESTART_MS,
    ),
  )?.name
}

/**
 * An API server that was told to end and still serves, whoever told it: a keeper that takes over remembers no restart, and
 * a wiped run folder is repaired by two keepers, since the first is replaced itself.
 */
function leavingMember(members: readonly Member[]): string | undefined {
  return members.find(({ probe, observed }) => probe?.leaving === true && isAlive(observed))?.spec.name
}

function mayReplaceIdle(snapshot: ControlPlaneSnapshot, members: readonly Member[], candidate: Candidate): boolean {
  if (snapshot.nowMs - (candidate.instance.startedAt ?? 0) < PATIENCE_WITH_A_START_MS) {
    return false
  }
  if (candidate.component !== 'etcd') {
    return true
  }
  const { total, ready, notReady } = countReady(members, 'etcd')
  const othersReady = notReady.every((name) => name === candidate.name)
  return othersReady || ready < quorumOf(total)
}

function restart(snapshot: ControlPlaneSnapshot, candidates: readonly Candidate[]): Replacement {
  const cluster = snapshot.id
  const steps = candidates.flatMap(({ name, instance: { pid } }): Step[] =>
    pid === undefined ? [] : [{ kind: 'RestartInstance', cluster, instance: { cluster, name }, pid }],
  )
  const detail = `restarting ${candidates.map(({ name, why }) => `${name}: ${why}`).join('; ')}`
  return { steps, notes: [{ kind: 'did', reason: REASON.replacing, detail }], pending: true }
}

function waiting(detail: string): Replacement {
  return { steps: [], notes: [{ kind: 'waiting', reason: REASON.replacing, detail }], pending: true }
}

function describe(candidates: readonly Candidate[]): string {
  return `to be restarted in turn: ${candidates.map((candidate) => candidate.name).join(', ')}`
}
