import type { ClusterStatus, Condition, MemberStatus } from '@evenkeel/contract/kinds'
import { formatList, formatTable } from '../terminal/index.ts'

/** The components of a control plane, in the order in which people think of them. */
const COMPONENT_ORDER = ['etcd', 'etcd-hop', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'endpoint']

export interface ComponentMembers {
  readonly component: string
  readonly members: readonly MemberStatus[]
}

/** Members by component, known components first. */
export function groupMembers(members: readonly MemberStatus[]): ComponentMembers[] {
  const groups = Map.groupBy(members, (member) => member.component)
  const rank = (component: string) => {
    const at = COMPONENT_ORDER.indexOf(component)
    return at < 0 ? COMPONENT_ORDER.length : at
  }
  return [...groups.entries()]
    .map(([component, those]) => ({
      component,
      members: those.toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    }))
    .sort((one, other) => rank(one.component) - rank(other.component) || (one.component < other.component ? -1 : 1))
}

/** `a` of `etcd-a`, `1` of `endpoint-1`. */
export function placeOf(member: MemberStatus): string {
  return (
    member.zone ??
    (member.name.startsWith(`${member.component}-`) ? member.name.slice(member.component.length + 1) : member.name)
  )
}

export function isReady(member: MemberStatus): boolean {
  return member.state === 'Ready' || member.state === 'Unsupervised'
}

/** One line a component: each member's place and state, the leader marked. */
export function memberLines(members: readonly MemberStatus[]): string[] {
  return formatTable(
    groupMembers(members).map(({ component, members: those }) => [
      component,
      ...those.map((member) => `${placeOf(member)} ${member.state}${member.leader === true ? ' (leader)' : ''}`),
    ]),
  )
}

/** Components of which every member is ready in `after` and was not in `before`, as lines of a log. */
export function newlyReady(before: readonly MemberStatus[], after: readonly MemberStatus[]): string[] {
  const wasReady = new Set(
    groupMembers(before)
      .filter(({ members }) => members.every(isReady))
      .map(({ component }) => component),
  )
  return groupMembers(after)
    .filter(({ component, members }) => members.every(isReady) && !wasReady.has(component))
    .map(({ component, members }) => `${component} is ready: ${members.map(placeOf).join(', ')}`)
}

/**
 * What is not so and should be: the sum of all (of type `sum`) first, then `CONDITION: message` of those that add to
 * it. What is not known for the very reason of the sum (a create has failed, a cluster is being deleted) does not.
 */
export function waitLines(conditions: readonly Condition[], sum = 'ControlPlaneReady'): string[] {
  const open = conditions.filter((condition) => condition.status !== 'True' && condition.message !== '')
  const sums = open.filter((condition) => condition.type === sum)
  const isTold = ({ status, reason }: Condition) => status === 'Unknown' && sums.some((one) => one.reason === reason)
  const parts = open.filter((condition) => condition.type !== sum && !isTold(condition))
  return [...sums.map(({ message }) => message), ...parts.map(({ type, message }) => `${type}: ${message}`)]
}

/** `Kubernetes 1.37, 3 etcd and 2 API servers in zones a, b, c`. */
export function summarize(version: string, members: readonly MemberStatus[]): string {
  const count = (component: string) => members.filter((member) => member.component === component).length
  const zones = [...new Set(members.flatMap((member) => (member.zone === undefined ? [] : [member.zone])))].sort()
  const parts = formatList([`${count('etcd')} etcd`, `${count('kube-apiserver')} API servers`])
  return `Kubernetes ${version}, ${parts} in ${zones.length === 1 ? 'zone' : 'zones'} ${zones.join(', ')}`
}

/** The live picture of a cluster on its way: its components, then what it waits for. */
export function progressText(status: ClusterStatus | undefined): string {
  const members = memberLines(status?.members ?? [])
  const waits = waitLines(status?.conditions ?? []).slice(0, 1)
  const lines = [...members, ...waits]
  return lines.length === 0 ? 'waits for a keeper to take it over' : lines.join('\n')
}
