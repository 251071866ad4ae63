import { groupMembers, isReady, placeOf } from '../cluster/index.ts'
import { nodeGroupLines } from '../node-group/index.ts'
import {
  formatBytes,
  formatDate,
  formatDuration,
  formatList,
  formatTable,
  LOOPBACK_NOTE,
  SIMULATED_NOTE,
} from '../terminal/index.ts'
import type { AnsweringView, ClusterView, ProgramView, StatusSnapshot } from './snapshot.ts'

/** The one screen. Pure. */
export function renderStatus(snapshot: StatusSnapshot): string {
  const { region, accountId, serviceUrl, stateFolder } = snapshot
  const line = `Evenkeel  region ${region}  account ${accountId}  EKS API ${serviceUrl}  state ${stateFolder}`
  const head = snapshot.simulated ? `${line}\n${SIMULATED_NOTE}` : line
  if (isStopped(snapshot)) return `${[head, '', ...renderStopped(snapshot)].join('\n')}\n`
  return `${[head, '', ...renderOwn(snapshot), '', ...renderClusters(snapshot), ...renderDates(snapshot)].join('\n')}\n`
}

/** After `down`, and after a restart of the machine. */
function isStopped({ trees, service, home, keepers, authenticators }: StatusSnapshot): boolean {
  const own = [service, ...home.members, ...keepers, ...authenticators]
  return trees.every((tree) => !tree.isUp) && !own.some(isAlive)
}

function renderStopped({ clusters, scarceDisks }: StatusSnapshot): string[] {
  const names = clusters.map((cluster) => cluster.name)
  return [
    ...scarceDisks.map(diskProblem),
    'Everything is stopped: ./evenkeel up brings it all back.',
    ...(names.length === 0 ? [] : [`clusters  ${names.join(', ')}`]),
  ]
}

function renderOwn(snapshot: StatusSnapshot): string[] {
  const { service, home, keepers, authenticators, trees, nowMs } = snapshot
  const acting = keepers.filter((keeper) => keeper.acts).map((keeper) => keeper.place)
  const standingBy = keepers
    .filter((keeper) => !keeper.acts && keeper.state === 'running')
    .map((keeper) => keeper.place)
  const acts = acting.length === 0 ? 'none acts' : `${acting.join(', ')} acts`
  const rows = [
    ['service', wellness(service), programText(service, nowMs)],
    [
      'home',
      home.ready ? 'Ready' : 'NotReady',
      home.external ?? home.members.map((one) => programText(one, nowMs)).join(', '),
    ],
    [
      'keepers',
      keepers.length > 0 && keepers.every((keeper) => keeper.ready) ? 'Ready' : 'NotReady',
      `${acts}${standingBy.length === 0 ? '' : `, ${standingBy.join(', ')} ${standingBy.length === 1 ? 'stands' : 'stand'} by`}`,
    ],
    ['authenticators', authenticators.every(isAlive) ? 'Ready' : 'NotReady', authenticators.map(placeText).join(', ')],
    [
      'zones',
      trees.every((tree) => tree.isUp) ? 'Ready' : 'NotReady',
      trees.map((tree) => `${tree.place} ${tree.isUp ? 'up' : 'DOWN'}`).join(', '),
    ],
  ]
  const problems = [
    ...snapshot.scarceDisks.map((disk) => `${diskProblem(disk)}, all goes on by itself`),
    ...service.problems.map((problem) => `service: ${problem}`),
    ...home.problems.map((problem) => `home: ${problem}`),
    ...keepers.flatMap((keeper) => keeper.problems.map((problem) => `${keeper.name}: ${problem}`)),
  ]
  return [...formatTable(rows), ...problems.map((problem) => `  ! ${problem}`)]
}

function diskProblem({ folder, freeBytes }: StatusSnapshot['scarceDisks'][number]): string {
  return `disk: ${formatBytes(freeBytes)} free in ${folder}, too little for etcd to write: free some`
}

function wellness(view: AnsweringView): string {
  return view.ready ? 'Ready' : 'NotReady'
}

function isAlive(program: ProgramView): boolean {
  return program.state === 'running' || program.state === 'unsupervised'
}

function placeText(program: ProgramView): string {
  return program.state === 'running' ? program.place : `${program.place} ${program.state}`
}

function programText(program: ProgramView, nowMs: number): string {
  const since = program.startedAtMs === undefined ? '' : ` for ${formatDuration(nowMs - program.startedAtMs)}`
  const pid = program.pid === undefined ? '' : `, pid ${program.pid}`
  return `${program.name} ${program.state}${isAlive(program) ? since : ''}${pid}`
}

const SOURCES: Readonly<Record<string, string>> = {
  keeper: 'The home does not answer: this is what the acting keeper sees.',
  host: 'Neither home nor keeper answers: this is what runs on the machine; leaders and reasons are not known.',
}

function renderClusters(snapshot: StatusSnapshot): string[] {
  if (snapshot.clusters.length === 0) {
    return [
      snapshot.clustersFrom === 'home'
        ? 'no clusters: ./evenkeel cluster create NAME'
        : 'no clusters are on this machine',
    ]
  }
  const severalAccounts = new Set(snapshot.clusters.map((cluster) => cluster.accountId)).size > 1
  const rows = snapshot.clusters.map((cluster) => [
    severalAccounts ? `${cluster.accountId ?? '?'}/${cluster.name}` : cluster.name,
    cluster.phase,
    cluster.kubernetesVersion ?? cluster.version,
    cluster.etcdVersion ?? '',
    cluster.endpoint ?? '',
    cluster.network ?? '',
    memberCounts(cluster),
    leaders(cluster),
  ])
  const table = formatTable([
    ['CLUSTER', 'STATUS', 'KUBERNETES', 'ETCD', 'ENDPOINT', 'NETWORK', 'READY', 'LEADERS'],
    ...rows,
  ])
  const lines = [table[0] ?? '']
  for (const [at, cluster] of snapshot.clusters.entries()) {
    lines.push(
      table[at + 1] ?? '',
      ...notReadyLines(cluster),
      ...cluster.waits.map((wait) => `  waits: ${wait}`),
      ...nodeGroupLines(cluster.nodeGroups, snapshot.nowMs).map((line) => `  ${line}`),
    )
  }
  const onLoopback = snapshot.clusters.filter(({ network }) => network === 'loopback').map(({ name }) => name)
  if (onLoopback.length > 0)
    lines.push(`On loopback, without room for nodes: ${formatList(onLoopback)}; ${LOOPBACK_NOTE}`)
  const source = SOURCES[snapshot.clustersFrom]
  if (source !== undefined) lines.push(source)
  return lines
}

const SHORT_NAMES: Readonly<Record<string, string>> = {
  'kube-apiserver': 'api',
  'kube-controller-manager': 'kcm',
  'kube-scheduler': 'sched',
  'etcd-hop': 'hop',
}

function memberCounts(cluster: ClusterView): string {
  return groupMembers(cluster.members)
    .map(
      ({ component, members }) =>
        `${SHORT_NAMES[component] ?? component} ${members.filter(isReady).length}/${members.length}`,
    )
    .join(' ')
}

function leaders(cluster: ClusterView): string {
  return groupMembers(cluster.members)
    .flatMap(({ component, members }) => {
      const leader = members.find((member) => member.leader === true)
      return leader === undefined ? [] : [`${SHORT_NAMES[component] ?? component} ${placeOf(leader)}`]
    })
    .join(' ')
}

function notReadyLines(cluster: ClusterView): string[] {
  const away = cluster.members.filter((member) => member.state !== 'Ready')
  return away.length === 0 ? [] : [`  ${away.map((member) => `${member.name} ${member.state}`).join(', ')}`]
}

/** The soonest of each kind: those are what somebody has to know. */
function renderDates({ clusters, certificates }: StatusSnapshot): string[] {
  const tokens = soonest(clusters, (cluster) => cluster.tokensValidUntil)
  const next = soonest(certificates, (owner) => owner.nextExpiry)
  const authority = soonest(certificates, (owner) => owner.authorityExpiry)
  const rows = [
    tokens && ['tokens', `verified until ${formatDate(tokens.time)} even with service and home dead`],
    next && ['certificates', `next expiry ${formatDate(next.time)} (${next.item.of}), renewed before by the keepers`],
    authority && ['authorities', `next expiry ${formatDate(authority.time)} (${authority.item.of})`],
  ].filter((row) => row !== undefined)
  return rows.length === 0 ? [] : ['', ...formatTable(rows)]
}

function soonest<T>(items: readonly T[], timeOf: (item: T) => string | undefined) {
  return items
    .flatMap((item) => {
      const time = timeOf(item)
      return time === undefined ? [] : [{ item, time }]
    })
    .sort((one, other) => (one.time < other.time ? -1 : 1))[0]
}
