import { join } from 'node:path'
import { operationFacts } from '@evenkeel/contract/eks'
import { CLUSTERS, type Cluster, NODE_GROUPS, type NodeGroup, UPDATES, type Update } from '@evenkeel/contract/kinds'
import type { Release } from '@evenkeel/distribution/releases'
import { type Clock, type HealthCheck, Informer, type KubeClient, type Logger, type Metrics } from '@evenkeel/kernel'
import type { FastifyInstance } from 'fastify'
import {
  AccessChecks,
  AccessMemory,
  answerCalls,
  ClusterMetrics,
  type EksContext,
  FreshView,
  keepUpdates,
  OFFERED_OPERATIONS,
} from './eks-api/index.ts'
import { type Authenticator, buildEksServer } from './http/index.ts'

export interface EksServiceOptions {
  /** Of the home, with the right to impersonate callers and to ask for their rights. */
  readonly client: KubeClient
  readonly authenticator: Authenticator
  readonly region: string
  /** Why the home may be unable to answer, as a sentence; see `EksContext`. */
  readonly whyHomeFails?: () => Promise<string | undefined>
  /** All minors of Kubernetes that we know, oldest first. */
  readonly releases: readonly Release[]
  /** How many clusters an account may have. */
  readonly clusterQuota: number
  /** Where the service keeps copies of what the home said, to start without it; none: it does not. */
  readonly mirrorFolder?: string
  readonly tlsPem?: string
  /** What else must be well before the service is ready, by name. */
  readonly readiness?: Readonly<Record<string, HealthCheck>>
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

/** The EKS API over a home: its server, what it knows of the home, and the upkeep of what it has accepted. */
export class EksService {
  readonly server: FastifyInstance
  readonly #options: EksServiceOptions
  readonly #clusters: Informer<Cluster>
  readonly #nodeGroups: Informer<NodeGroup>
  readonly #updates: Informer<Update>
  readonly #memory: AccessMemory

  constructor(options: EksServiceOptions) {
    const { client, clock, log, metrics, mirrorFolder, region, releases, clusterQuota } = options
    this.#options = options
    const kept = (file: string) => (mirrorFolder === undefined ? {} : { mirrorFile: join(mirrorFolder, file) })
    this.#clusters = new Informer<Cluster>({ client, resource: CLUSTERS, clock, log, ...kept('clusters.json') })
    const groupMirror = kept('node-groups.json')
    this.#nodeGroups = new Informer<NodeGroup>({ client, resource: NODE_GROUPS, clock, log, ...groupMirror })
    this.#updates = new Informer<Update>({ client, resource: UPDATES, clock, log, ...kept('updates.json') })
    const file = kept('access-answers.json').mirrorFile
    this.#memory = new AccessMemory({ clock, log, ...(file === undefined ? {} : { file }) })
    const clusterMetrics = new ClusterMetrics(metrics, {
      clusters: this.#clusters,
      nodeGroups: this.#nodeGroups,
      clock,
    })
    const context: EksContext = {
      region,
      client,
      clusters: new FreshView(this.#clusters, clock),
      nodeGroups: new FreshView(this.#nodeGroups, clock),
      updates: new FreshView(this.#updates, clock),
      whyHomeFails: options.whyHomeFails ?? (async () => undefined),
      releases,
      clock,
      clusterQuota,
      creating: new Set(),
    }
    const reads = OFFERED_OPERATIONS.filter((name) => operationFacts(name).method === 'GET')
    const access = new AccessChecks({ client, memory: this.#memory, clock, log, region, reads })
    this.server = buildEksServer({
      authenticator: options.authenticator,
      answer: answerCalls(context, access),
      log,
      metrics,
      refreshMetrics: () => clusterMetrics.refresh(),
      readiness: { home: () => this.#homeProblem(), ...options.readiness },
      ...(options.tlsPem === undefined ? {} : { tlsPem: options.tlsPem }),
    })
  }

  /** Follows the home until `signal` is aborted; resolves when everything that is kept on disk is written. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#memory.load()
    await Promise.all([...this.#informers().map((informer) => informer.run(signal)), this.#keepUpdates(signal)])
    await this.#memory.flush()
  }

  /** Resolves when reads can be answered: from the home, or from the copy of what it said. */
  async waitUntilKnown(signal: AbortSignal): Promise<void> {
    const enough = { atLeast: 'mirror' } as const
    await Promise.all(this.#informers().map((informer) => informer.waitForSync(signal, enough)))
  }

  async #keepUpdates(signal: AbortSignal): Promise<void> {
    const { client, clock, log } = this.#options
    const [clusters, nodeGroups, updates] = [this.#clusters, this.#nodeGroups, this.#updates]
    await keepUpdates({ client, clusters, nodeGroups, updates, clock, log }, signal)
  }

  /** Ready to answer reads; a home that went away later is said, and does not make the service unready. */
  #homeProblem(): string | undefined {
    const isUnknown = this.#informers().some(({ synced }) => synced === 'none')
    return isUnknown ? 'waits for the home API server to list clusters, node groups and updates' : undefined
  }

  #informers() {
    return [this.#clusters, this.#nodeGroups, this.#updates] as const
  }
}
