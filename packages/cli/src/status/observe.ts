import { CLUSTERS, type Cluster, type MemberStatus, NODE_GROUPS, type NodeGroup } from '@evenkeel/contract/kinds'
import { isNotFound, readFileIfThere } from '@evenkeel/kernel'
import {
  AUTHENTICATOR_ZONES,
  HOME_MANIFEST,
  KEEPER_STATUS_PORT,
  type LocalSubstrate,
  OWN_CLUSTER,
  octetAddress,
  PLACES,
} from '@evenkeel/substrate-local'
import { waitLines } from '../cluster/index.ts'
import {
  askReadiness,
  httpGet,
  type OpenedInstallation,
  OWN_SLOT,
  openHome,
  openSubstrate,
  type Readiness,
} from '../installation/index.ts'
import { scarceDisks } from '../machine/index.ts'
import { nodeGroupView } from '../node-group/index.ts'
import { type KeeperAnswer, keptCertificates, keptView, keptWaits, parseKeeperAnswer } from './kept.ts'
import type {
  AnsweringView,
  CertificatesView,
  ClusterView,
  KeeperView,
  ProgramView,
  StatusSnapshot,
} from './snapshot.ts'

const HOME_TIMEOUT_MS = 2000

type Observed = Awaited<ReturnType<LocalSubstrate['instances']['observe']>>[number]

/** Looks at everything at once; what is dead is said to be dead, and the rest is still shown. */
export async function observeStatus(opened: OpenedInstallation): Promise<StatusSnapshot> {
  const { installation, serviceUrl, paths } = opened
  const substrate = await openSubstrate(opened)
  const [own, homeInstances, keepers, service, home] = await Promise.all([
    substrate.instances.observe(OWN_CLUSTER),
    substrate.instances.observe(HOME_MANIFEST.cluster),
    Promise.all(installation.zones.map((zone) => askKeeper(opened, zone))),
    askService(opened),
    askHome(opened),
  ])
  const acting = keepers.find((keeper) => keeper.answer?.acts === true)?.answer
  const manifest = await substrate.records.read(HOME_MANIFEST.cluster, HOME_MANIFEST.record)
  return {
    nowMs: Date.now(),
    region: installation.region,
    accountId: installation.accountId,
    serviceUrl,
    stateFolder: paths.home,
    simulated: installation.simulated === true,
    scarceDisks: (await scarceDisks(paths)).map(({ folder, freeBytes }) => ({ folder, freeBytes })),
    trees: await observeTrees(substrate),
    service: { ...programView(own, { name: 'service', place: 'region' }), ...service },
    home: {
      ready: home.ready,
      problems: home.problems,
      members: homeInstances.map(instanceView),
      ...(manifest === undefined ? { external: `an API server of somebody else, by ${paths.adminKubeconfig}` } : {}),
    },
    keepers: keepers.map(({ zone, answer, readiness }): KeeperView => {
      const program: AnsweringView = { ...programView(own, { name: `keeper-${zone}`, place: zone }), ...readiness }
      return { ...program, acts: answer?.acts === true }
    }),
    authenticators: AUTHENTICATOR_ZONES.map((zone) => programView(own, { name: `authenticator-${zone}`, place: zone })),
    ...(await observeClusters(substrate, { home, acting })),
    certificates: acting === undefined ? homeCertificates(home.clusters) : keptCertificates(acting),
  }
}

async function askService(opened: OpenedInstallation): Promise<Readiness> {
  const ca = opened.trustFile === undefined ? undefined : await readFileIfThere(opened.trustFile)
  return await askReadiness(opened.serviceUrl, { ca })
}

async function askKeeper(opened: OpenedInstallation, zone: string) {
  const { octet, zones } = opened.installation
  const base = `http://${octetAddress(octet, zones.indexOf(zone) + 1, OWN_SLOT)}:${KEEPER_STATUS_PORT}`
  const readiness = await askReadiness(base)
  const answer = await httpGet(`${base}/status`).then(
    ({ status, body }) => (status === 200 ? parseKeeperAnswer(body) : undefined),
    // Its readiness has said why.
    () => undefined,
  )
  return { zone, readiness, answer }
}

interface HomeAnswer extends Readiness {
  readonly clusters: readonly Cluster[]
  readonly nodeGroups: readonly NodeGroup[]
}

async function askHome(opened: OpenedInstallation): Promise<HomeAnswer> {
  const home = openHome(opened)
  try {
    const options = { timeoutMs: HOME_TIMEOUT_MS }
    const [clusters, nodeGroups] = await Promise.all([
      home.list<Cluster>(CLUSTERS, options),
      // A home of an older Evenkeel does not know the kind.
      home.list<NodeGroup>(NODE_GROUPS, options).catch((error: unknown) => {
        if (!isNotFound(error)) throw error
        return { items: [] }
      }),
    ])
    return { ready: true, problems: [], clusters: clusters.items, nodeGroups: nodeGroups.items }
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    return { ready: false, problems: [problem], clusters: [], nodeGroups: [] }
  } finally {
    home.close()
  }
}

/** A tree that is up shows it by what it runs: one whose s6-svscan is gone supervises nothing. */
async function observeTrees(substrate: LocalSubstrate) {
  const clusters = await substrate.instances.clusters()
  const all = (await Promise.all(clusters.map((cluster) => substrate.instances.observe(cluster)))).flat()
  return PLACES.map((place) => ({
    place,
    isUp: all.some((instance) => instance.place === place && instance.state === 'running'),
  }))
}

function programView(own: readonly Observed[], { name, place }: { name: string; place: string }): ProgramView {
  const instance = own.find((candidate) => candidate.name === name)
  return instance === undefined ? { name, place, state: 'absent' } : instanceView(instance)
}

function instanceView({ name, place, state, pid, startedAt }: Observed): ProgramView {
  return {
    name,
    place,
    state,
    ...(pid === undefined ? {} : { pid }),
    ...(startedAt === undefined ? {} : { startedAtMs: startedAt }),
  }
}

async function observeClusters(
  substrate: LocalSubstrate,
  { home, acting }: { home: HomeAnswer; acting: KeeperAnswer | undefined },
): Promise<Pick<StatusSnapshot, 'clusters' | 'clustersFrom'>> {
  const hosted = acting?.controlPlanes.filter((kept) => kept.kind === 'hosted') ?? []
  if (home.ready) {
    const clusters = home.clusters.map((cluster) => {
      const kept = hosted.find((candidate) => candidate.id === cluster.status?.id)
      return homeView(cluster, { waits: kept && keptWaits(kept), nodeGroups: nodeGroupsOf(cluster, home.nodeGroups) })
    })
    return { clusters, clustersFrom: 'home' }
  }
  if (acting !== undefined) {
    const clusters = hosted.map((kept) => keptView(kept, acting.nodeGroups))
    return { clusters, clustersFrom: 'keeper' }
  }
  return { clusters: await hostViews(substrate), clustersFrom: 'host' }
}

function nodeGroupsOf({ metadata, spec }: Cluster, all: readonly NodeGroup[]): readonly NodeGroup[] {
  return all
    .filter((group) => group.metadata.namespace === metadata.namespace && group.spec.clusterName === spec.eksName)
    .sort((one, other) => (one.spec.nodegroupName < other.spec.nodegroupName ? -1 : 1))
}

function homeView(
  cluster: Cluster,
  beside: { readonly waits: readonly string[] | undefined; readonly nodeGroups: readonly NodeGroup[] },
): ClusterView {
  const { spec, status = {}, metadata } = cluster
  const { id, kubernetesVersion, etcdVersion, endpoint, network, tokensValidUntil } = status
  const known = { id, kubernetesVersion, etcdVersion, endpoint, network, tokensValidUntil }
  const accountId = /^account-(\d{12})$/.exec(metadata.namespace ?? '')?.[1]
  const present = Object.fromEntries(Object.entries({ ...known, accountId }).filter(([, value]) => value !== undefined))
  const issues = (status.health?.issues ?? []).map((issue) => `${issue.code}: ${issue.message}`)
  const open = beside.waits ?? waitLines(status.conditions ?? [])
  return {
    ...present,
    name: spec.eksName,
    phase: metadata.deletionTimestamp === undefined ? (status.phase ?? 'PENDING') : 'DELETING',
    version: spec.version,
    members: status.members ?? [],
    waits:
      status.members === undefined && open.length === 0
        ? ['a keeper that takes it over']
        : [...new Set([...open, ...issues])],
    nodeGroups: beside.nodeGroups.map(nodeGroupView),
  }
}

/** What clusters say, where no keeper acts. */
function homeCertificates(clusters: readonly Cluster[]): CertificatesView[] {
  return clusters.flatMap(({ spec, status = {} }) => {
    const { nextCertificateExpiry: nextExpiry, certificateAuthorityExpiry: authorityExpiry } = status
    if (nextExpiry === undefined) return []
    const of = `cluster ${spec.eksName}`
    return [{ of, nextExpiry, ...(authorityExpiry === undefined ? {} : { authorityExpiry }) }]
  })
}

interface RecordedIntent {
  readonly namespace?: string
  readonly spec?: { readonly eksName?: string; readonly version?: string }
}

async function hostViews(substrate: LocalSubstrate): Promise<ClusterView[]> {
  const ids = (await substrate.records.clusters()).filter((id) => id !== HOME_MANIFEST.cluster && id !== OWN_CLUSTER)
  return await Promise.all(
    ids.map(async (id) => {
      const record = await substrate.records.read(id, HOME_MANIFEST.record)
      const intent = (record === undefined ? {} : JSON.parse(record)) as RecordedIntent
      const members = (await substrate.instances.observe(id)).map(hostMember)
      return {
        name: intent.spec?.eksName ?? id,
        id,
        phase: 'UNKNOWN',
        version: intent.spec?.version ?? '',
        members,
        waits: [],
        nodeGroups: [],
      }
    }),
  )
}

function hostMember({ name, component, place, state }: Observed): MemberStatus {
  const states = { running: 'Ready', unsupervised: 'Unsupervised', starting: 'Starting', stopped: 'Absent' } as const
  return { name, component, ...(place === 'region' ? {} : { zone: place }), state: states[state] }
}
