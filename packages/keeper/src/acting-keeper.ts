import { isDeepStrictEqual } from 'node:util'
import {
  CLUSTERS,
  type Cluster,
  type ClusterStatus,
  clusterId,
  NODE_GROUPS,
  type NodeGroup,
  type NodeGroupStatus,
  objectName,
  SIGNING_KEY_NAMESPACE,
  UPDATES,
  type Update,
} from '@evenkeel/contract/kinds'
import {
  type Clock,
  type ConditionDraft,
  Informer,
  type KubeClient,
  type Logger,
  type Metrics,
  objectKey,
  ReconcileLoop,
  SECRETS,
  type Secret,
} from '@evenkeel/kernel'
import type { ClusterId, Substrate } from '@evenkeel/substrate'
import {
  AdmissionView,
  type AuthenticatorFolder,
  admittedClusters,
  clusterAccessReconciler,
  signingKeyReconciler,
} from './access/index.ts'
import {
  type Blueprint,
  ControlPlaneMetrics,
  type ControlPlaneReport,
  controlPlaneReconciler,
  type ObjectWriter,
  type Prober,
  type Programs,
  type Release,
  recordedEndpoint,
  type StatusDraft,
  withTimes,
} from './control-plane/index.ts'
import { grantServiceRights } from './home/index.ts'
import { homeObjects, intentReconciler, nodeGroupId, nodeGroupIntentReconciler, nodeGroupsOf } from './intent/index.ts'
import type { KeeperStatusPage } from './keeper-status.ts'
import type { NodeVersions } from './node/index.ts'
import {
  type NodeAddresses,
  type NodeApi,
  type NodeBlueprint,
  type NodeGroupReport,
  type NodeGroupStatusDraft,
  type NodePrograms,
  nodeGroupKey,
  nodeGroupReconciler,
  type ReachedCluster,
  splitNodeGroupKey,
  withNodeGroupTimes,
} from './node-group/index.ts'
import { serviceCertificateReconciler } from './service-certificate/index.ts'
import { StatusBoard } from './status-board/index.ts'
import { keepSupervision, type Supervision } from './supervision.ts'
import { updateReconciler } from './update/index.ts'

/** Everything that an acting keeper is made of: chosen by the composition root. */
export interface ActingKeeperPorts {
  readonly substrate: Substrate
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly region: string
  /** As the keeper. It may be dead, or not there yet. */
  readonly home: KubeClient
  /** As the administrator of an embedded home; absent where the home is somebody else's. */
  readonly homeAdministrator: KubeClient | undefined
  /** Names and addresses by which other machines reach the service; none where it serves loopback alone. */
  readonly serviceHosts: readonly string[]
  /** The access folder. */
  readonly homeFiles: {
    read(file: string): Promise<string | undefined>
    write(file: string, content: string): Promise<void>
  }
  readonly folder: AuthenticatorFolder
  readonly blueprint: Blueprint
  readonly prober: Prober
  readonly objects: ObjectWriter
  readonly programs: Programs
  readonly nodes: NodeApi
  readonly nodePrograms: NodePrograms
  readonly nodeBlueprint: NodeBlueprint
  readonly nodeAddresses: NodeAddresses
  readonly supervision: Supervision
  readonly page: KeeperStatusPage
  offeredRelease(minor: string): Release | undefined
  /** A node bundle by its release version; undefined where it is not known. */
  bundleOf(releaseVersion: string): NodeVersions | undefined
}

/** Clusters are created and repaired side by side: most of a turn is waiting. */
const CONCURRENCY = 16
/** Records that appear otherwise than through the home: `up` writes the home's intent. */
const RECORDS_INTERVAL_MS = 1000
const SIGNING_KEYS = 'signing-keys'
const SERVICE_CERTIFICATE = 'service-certificate'

/** Acts for the cell until `signal` is aborted. */
export async function actForCell(ports: ActingKeeperPorts, signal: AbortSignal): Promise<void> {
  const { substrate, clock, log, metrics, region, home, folder, page } = ports
  const informer = { client: home, log, clock }
  const clusters = new Informer<Cluster>({ ...informer, resource: CLUSTERS })
  const nodeGroups = new Informer<NodeGroup>({ ...informer, resource: NODE_GROUPS })
  const updates = new Informer<Update>({ ...informer, resource: UPDATES })
  const secrets = new Informer<Secret>({ ...informer, resource: SECRETS, namespace: SIGNING_KEY_NAMESPACE })
  const loop = { log, metrics, clock }
  /** EKS names by id, for logs; until one is known the id stands for it. */
  const names = new Map<ClusterId, string>()
  /** Why what the home shows is not what is kept, beside what control planes say of themselves. */
  const notAccepted = new Map<ClusterId, readonly ConditionDraft[]>()
  let ofSigningKeys: readonly ConditionDraft[] = []
  const clusterLoop = {
    ...loop,
    concurrency: CONCURRENCY,
    describeKey: (id: ClusterId) => ({ cluster: names.get(id) ?? id, clusterId: id }),
  }
  const { records } = substrate
  const admission = new AdmissionView({ records, folder, clock })

  /** Of a Cluster as the home shows it. */
  const clusterOf = (namespace: string, clusterName: string): ClusterId | undefined => {
    const uid = clusters.getByKey(`${namespace}/${objectName(clusterName)}`)?.metadata.uid
    return uid === undefined ? undefined : clusterId(uid)
  }

  const board = new StatusBoard<ClusterStatus, StatusDraft>({
    name: 'control-plane.status',
    resource: CLUSTERS,
    client: home,
    clock,
    get: (key) => clusters.getByKey(key),
    complete: withTimes,
  })
  const statuses = new ReconcileLoop({ ...clusterLoop, reconciler: board.reconciler() })
  const intents = new ReconcileLoop({
    ...loop,
    concurrency: CONCURRENCY,
    describeKey: (object) => ({ cluster: clusters.getByKey(object)?.spec.eksName, object }),
    reconciler: intentReconciler({
      substrate,
      home: homeObjects(home, CLUSTERS, clusters),
      accepted: (id) => wakeCluster(id),
      told: ({ id, object, uid }, { conditions, refused }) => {
        const before = notAccepted.get(id) ?? []
        notAccepted.set(id, conditions)
        if (refused !== undefined) {
          board.post(id, { object, uid, draft: refused })
          statuses.wake(id)
        } else if (!isDeepStrictEqual(before, conditions)) {
          controlPlanes.wake(id)
        }
      },
    }),
  })
  const access = new ReconcileLoop({
    ...clusterLoop,
    reconciler: clusterAccessReconciler({ records, folder, clock, region, changed: (id) => controlPlanes.wake(id) }),
  })
  const signingKeys = new ReconcileLoop({
    ...loop,
    reconciler: signingKeyReconciler({
      records,
      folder,
      region,
      secrets: () => (secrets.synced === 'live' ? secrets.list() : undefined),
      told: (conditions) => {
        if (isDeepStrictEqual(ofSigningKeys, conditions)) {
          return
        }
        ofSigningKeys = conditions
        for (const id of known) {
          controlPlanes.wake(id)
        }
      },
    }),
  })
  const serviceCertificate = new ReconcileLoop({
    ...loop,
    reconciler: serviceCertificateReconciler({
      records,
      clock,
      hosts: ports.serviceHosts,
      files: ports.homeFiles,
      seen: (ends) => {
        page.serviceCertificate = ends
      },
    }),
  })
  const completions = new ReconcileLoop({
    ...loop,
    describeKey: (object) => ({ cluster: updates.getByKey(object)?.spec.clusterName, object }),
    reconciler: updateReconciler({ client: home, clock, records, clusterOf, get: (key) => updates.getByKey(key) }),
  })
  const counted = new ControlPlaneMetrics(metrics)
  const controlPlanes = new ReconcileLoop({
    ...clusterLoop,
    reconciler: controlPlaneReconciler(
      {
        ...ports,
        admission: {
          isAdmitted: (id) => admission.isAdmitted(id),
          tokensValidUntil: (principalArn) => admission.tokensValidUntil(principalArn),
          wake: (id) => access.wake(id),
        },
        homeAccess: {
          read: (file) => ports.homeFiles.read(file),
          write: (file, content) => ports.homeFiles.write(file, content),
          grantRights: async () => {
            if (ports.homeAdministrator !== undefined) {
              await grantServiceRights(ports.homeAdministrator)
            }
          },
        },
        released: (id, object) => {
          for (const memory of [board, counted, page]) {
            memory.forget(id)
          }
          known.delete(id)
          names.delete(id)
          notAccepted.delete(id)
          intents.wake(object)
        },
      },
      tell,
    ),
  })

  const groupBoard = new StatusBoard<NodeGroupStatus, NodeGroupStatusDraft>({
    name: 'node-group.status',
    resource: NODE_GROUPS,
    client: home,
    clock,
    get: (key) => nodeGroups.getByKey(key),
    complete: withNodeGroupTimes,
  })
  /** EKS names of node groups by key, for logs. */
  const groupNames = new Map<string, string>()
  const groupLoop = {
    ...loop,
    concurrency: CONCURRENCY,
    describeKey: (key: string) => {
      const { cluster, group } = splitNodeGroupKey(key)
      return {
        cluster: names.get(cluster) ?? cluster,
        clusterId: cluster,
        nodeGroup: groupNames.get(key) ?? group,
      }
    },
  }
  const groupStatuses = new ReconcileLoop({ ...groupLoop, reconciler: groupBoard.reconciler() })
  const groupIntents = new ReconcileLoop({
    ...loop,
    concurrency: CONCURRENCY,
    describeKey: (object) => ({ nodeGroup: nodeGroups.getByKey(object)?.spec.nodegroupName, object }),
    reconciler: nodeGroupIntentReconciler({
      records,
      home: homeObjects(home, NODE_GROUPS, nodeGroups),
      clusterOf,
      accepted: (cluster, group) => groups.wake(nodeGroupKey(cluster, group)),
    }),
  })
  const groups = new ReconcileLoop({
    ...groupLoop,
    reconciler: nodeGroupReconciler(
      {
        ...ports,
        substrate: { ...substrate, network: ports.nodeAddresses },
        programs: ports.nodePrograms,
        blueprint: ports.nodeBlueprint,
        reach: (id, of) => reachCluster(id, of, ports),
        released: (cluster, group, object) => {
          const key = nodeGroupKey(cluster, group)
          groupBoard.forget(key)
          groupNames.delete(key)
          page.forgetNodeGroup(key)
          groupIntents.wake(object)
          controlPlanes.wake(cluster)
        },
      },
      tellOfGroup,
    ),
  })

  function tellOfGroup(report: NodeGroupReport): void {
    const { cluster, id, intent } = report.snapshot
    const key = nodeGroupKey(cluster, id)
    const { namespace, name, uid, spec } = intent
    groupNames.set(key, spec.nodegroupName)
    page.sawNodeGroup(key, report)
    groupBoard.post(key, { object: { namespace, name }, uid, draft: report.status })
    groupStatuses.wake(key)
  }

  function wakeCluster(id: ClusterId): void {
    known.add(id)
    controlPlanes.wake(id)
    access.wake(id)
  }

  /** Node groups that are on record, whether the home is there or not. */
  async function wakeNodeGroups(id: ClusterId): Promise<void> {
    for (const group of nodeGroupsOf(id, await records.readAll(id)).keys()) {
      groups.wake(nodeGroupKey(id, group))
    }
  }

  function tell(report: ControlPlaneReport): void {
    const { id, intent, admitted } = report.snapshot
    counted.observe(report)
    if (intent.kind !== 'hosted') {
      page.saw(report)
      return
    }
    const conditions = [...report.status.conditions, ...(notAccepted.get(id) ?? []), ...ofSigningKeys]
    const draft = { ...report.status, conditions }
    page.saw({ ...report, status: draft })
    const { namespace, name, uid, spec } = intent
    names.set(id, spec.eksName)
    board.post(id, { object: { namespace, name }, uid, draft })
    statuses.wake(id)
    // Whoever wiped the authenticators' folder did not tell us.
    if (!admitted && !intent.deleting) {
      access.wake(id)
      signingKeys.wake(SIGNING_KEYS)
    }
  }

  /** Clusters that have been woken: from then on their own turns say when to look again. */
  const known = new Set<ClusterId>()

  /** Where supervision was lost, rendered files may be as well; and an authenticator may start again any moment. */
  function repaired(): void {
    signingKeys.wake(SIGNING_KEYS)
    for (const id of known) {
      wakeCluster(id)
    }
  }

  async function followRecords(): Promise<void> {
    while (!signal.aborted) {
      try {
        for (const id of await records.clusters()) {
          if (!known.has(id)) {
            await wakeNodeGroups(id)
            wakeCluster(id)
          }
        }
      } catch (err) {
        log.error({ err }, 'the records could not be listed: tried again')
      }
      // An abort ends the wait and the loop.
      await clock.sleep(RECORDS_INTERVAL_MS, signal).catch(() => {})
    }
  }

  clusters.subscribe(({ new: now, old }) => {
    const object = now ?? old
    intents.wake(objectKey(object))
    if (object.metadata.uid === undefined) {
      return
    }
    const id = clusterId(object.metadata.uid)
    if (now === undefined) {
      board.forget(id)
      names.delete(id)
      notAccepted.delete(id)
    } else {
      names.set(id, now.spec.eksName)
      statuses.wake(id)
    }
  })
  nodeGroups.subscribe(({ new: now, old }) => {
    groupIntents.wake(objectKey(now ?? old))
    const { namespace = '', uid } = (now ?? old).metadata
    const cluster = clusterOf(namespace, (now ?? old).spec.clusterName)
    // What the home shows of a status may not be what was written there.
    if (now !== undefined && uid !== undefined && cluster !== undefined) {
      groupStatuses.wake(nodeGroupKey(cluster, nodeGroupId(uid)))
    }
  })
  updates.subscribe(({ new: now }) => now && completions.wake(objectKey(now)))
  secrets.subscribe(() => signingKeys.wake(SIGNING_KEYS))
  // No Secrets are an answer as well.
  const firstSecrets = secrets.waitForSync(signal).then(
    () => signingKeys.wake(SIGNING_KEYS),
    () => {},
  )
  signingKeys.wake(SIGNING_KEYS)
  serviceCertificate.wake(SERVICE_CERTIFICATE)
  for (const id of await admittedClusters(folder)) {
    access.wake(id)
  }
  await Promise.all([
    firstSecrets,
    ...[clusters, nodeGroups, updates, secrets].map((one) => one.run(signal)),
    ...[intents, controlPlanes, statuses, access, signingKeys, serviceCertificate, completions].map((one) =>
      one.run(signal),
    ),
    ...[groupIntents, groups, groupStatuses].map((one) => one.run(signal)),
    followRecords(),
    keepSupervision({ supervision: ports.supervision, instances: substrate.instances, clock, log, repaired }, signal),
  ])
}

/** As the keeper; its addresses are claimed for as long as its records say that it was ACTIVE. */
async function reachCluster(
  id: ClusterId,
  records: ReadonlyMap<string, string>,
  { substrate, blueprint }: Pick<ActingKeeperPorts, 'substrate' | 'blueprint'>,
): Promise<ReachedCluster | undefined> {
  if (!(await substrate.network.clusters()).includes(id)) {
    return undefined
  }
  const network = await substrate.network.claim(id)
  const reached = recordedEndpoint(id, records, { substrate, blueprint, network })
  return reached?.intent.kind === 'hosted' ? { ...reached, intent: reached.intent, network } : undefined
}
