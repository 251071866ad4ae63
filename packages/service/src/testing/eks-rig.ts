import { EksFault } from '@evenkeel/contract/eks'
import {
  CLUSTERS,
  type Cluster,
  type ClusterStatus,
  NODE_GROUPS,
  type NodeGroup,
  type NodeGroupStatus,
  nodeGroupObjectName,
  objectName,
  UPDATES,
  type Update,
  type UpdateStatus,
} from '@evenkeel/contract/kinds'
import type { Release } from '@evenkeel/distribution/releases'
import { Informer, Metrics, silentLogger, systemClock } from '@evenkeel/kernel'
import { FakeHome, type FakeHomeOptions, waitFor } from '@evenkeel/kernel/testing'
import { runRound } from '../eks-api/update-upkeep.ts'
import { EksService, type EksServiceOptions } from '../eks-service.ts'
import type { Authenticator, Caller } from '../http/index.ts'

export const ACCOUNT = '000000000001'
export const REGION = 'local-1'
export const NAMESPACE = `account-${ACCOUNT}`
export const ADMIN: Caller = {
  accountId: ACCOUNT,
  arn: `arn:aws:iam::${ACCOUNT}:user/admin`,
  groups: ['evenkeel:admins'],
  accessKeyId: 'AKIAEXAMPLE',
}

/** 1.34 is out of support, 1.35 in extended and 1.36 and 1.37 in standard support; 1.36 is the default. */
export const RELEASES: readonly Release[] = [
  release('1.34', 30),
  release('1.35', 20),
  { ...release('1.36', 6), isDefault: true },
  release('1.37', 2),
]

/** Believes the header `x-caller`: `admin`, or any other user's name; without it nobody has signed. */
export const believingAuthenticator: Authenticator = {
  async authenticate({ headers }) {
    const name = headers['x-caller']
    if (typeof name !== 'string')
      throw new EksFault('MissingAuthenticationTokenException', 'Missing Authentication Token')
    return name === 'admin' ? ADMIN : { ...ADMIN, arn: `arn:aws:iam::${ACCOUNT}:user/${name}`, groups: [] }
  },
}

export interface EksAnswer {
  readonly status: number
  /** Name of the fault, from the header. */
  readonly fault: string | undefined
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Readonly<Record<string, unknown>>
}

export interface EksRequest {
  readonly method?: string
  readonly path: string
  readonly body?: unknown
  /** Instead of `body`, as it is. */
  readonly text?: string
  /** `admin` when not given; null: unsigned. */
  readonly caller?: string | null
  readonly headers?: Readonly<Record<string, string>>
}

type RigOptions = Partial<
  Pick<EksServiceOptions, 'authenticator' | 'clusterQuota' | 'mirrorFolder' | 'releases' | 'clock' | 'whyHomeFails'>
> & {
  readonly home?: FakeHome | FakeHomeOptions
}

/** The EKS API over a fake home, in this process. */
export class EksRig {
  readonly home: FakeHome
  readonly service: EksService
  readonly #stop = new AbortController()
  readonly #running: Promise<void>

  private constructor(home: FakeHome, options: RigOptions) {
    const { home: _, ...rest } = options
    this.home = home
    this.service = new EksService({
      client: home.client(),
      authenticator: believingAuthenticator,
      region: REGION,
      releases: RELEASES,
      clusterQuota: 100,
      clock: systemClock,
      log: silentLogger,
      metrics: new Metrics(),
      ...rest,
    })
    this.#running = this.service.run(this.#stop.signal)
  }

  /** `await using rig = await EksRig.start()` ends it with the test; a home that was given is left running. */
  static async start(options: RigOptions = {}): Promise<EksRig> {
    const home = options.home instanceof FakeHome ? options.home : await FakeHome.start(options.home ?? {})
    const rig = new EksRig(home, options)
    await rig.service.waitUntilKnown(AbortSignal.timeout(5000))
    return rig
  }

  async send({ method = 'GET', path, body, text, caller = 'admin', headers = {} }: EksRequest): Promise<EksAnswer> {
    const payload = text ?? (body === undefined ? undefined : JSON.stringify(body))
    const response = await this.service.server.inject({
      method: method as 'GET',
      url: path,
      headers: { ...headers, ...(caller === null ? {} : { 'x-caller': caller }) },
      ...(payload === undefined ? {} : { payload }),
    })
    return {
      status: response.statusCode,
      fault: response.headers['x-amzn-errortype'] as string | undefined,
      headers: response.headers,
      body: JSON.parse(response.body) as Record<string, unknown>,
    }
  }

  post(path: string, body: unknown, caller = 'admin'): Promise<EksAnswer> {
    return this.send({ method: 'POST', path, body, caller })
  }

  /** Creates a cluster with the least that EKS asks for, and `members` beside it. */
  create(name: string, members: Readonly<Record<string, unknown>> = {}): Promise<EksAnswer> {
    return this.post('/clusters', { ...LEAST_WISH, name, ...members })
  }

  cluster(eksName: string): Cluster | undefined {
    return this.home.objects<Cluster>(CLUSTERS, NAMESPACE).find(({ spec }) => spec.eksName === eksName)
  }

  /** What a keeper does: takes the cluster over, and reports. */
  async report(
    eksName: string,
    status: ClusterStatus,
    finalizers: readonly string[] = ['evenkeel.dev/keeper'],
  ): Promise<void> {
    const place = { namespace: NAMESPACE, name: objectName(eksName) }
    const client = this.home.client()
    await client.mergePatch(CLUSTERS, { ...place, patch: { metadata: { finalizers } } })
    await client.mergePatch(CLUSTERS, { ...place, subresource: 'status', patch: { status } })
    await waitFor(
      async () => {
        const { body } = await this.send({ path: `/clusters/${eksName}` })
        return (body['cluster'] as { status?: string } | undefined)?.status === status.phase
      },
      { what: `the service to see the cluster "${eksName}" as ${status.phase}` },
    )
  }

  /** A rig with a cluster `web` that may have node groups: ACTIVE, of 1.36, with a network of its own. */
  static async withCluster(status: ClusterStatus = {}, options: RigOptions = {}): Promise<EksRig> {
    const rig = await EksRig.start(options)
    await rig.create('web')
    await rig.report('web', { phase: 'ACTIVE', network: 'private', ...status })
    return rig
  }

  /** Creates a node group of cluster `web` with the least that EKS asks for, and `members` beside it. */
  createNodeGroup(nodegroupName: string, members: Readonly<Record<string, unknown>> = {}): Promise<EksAnswer> {
    return this.post('/clusters/web/node-groups', { ...LEAST_NODE_GROUP_WISH, nodegroupName, ...members })
  }

  nodeGroup(nodegroupName: string): NodeGroup | undefined {
    return this.home
      .objects<NodeGroup>(NODE_GROUPS, NAMESPACE)
      .find(({ spec }) => spec.clusterName === 'web' && spec.nodegroupName === nodegroupName)
  }

  /** What a keeper does: takes the node group of cluster `web` over, and reports. */
  async reportNodeGroup(
    nodegroupName: string,
    status: NodeGroupStatus,
    finalizers: readonly string[] = ['evenkeel.dev/keeper'],
  ): Promise<void> {
    const place = { namespace: NAMESPACE, name: nodeGroupObjectName('web', nodegroupName) }
    const client = this.home.client()
    await client.mergePatch(NODE_GROUPS, { ...place, patch: { metadata: { finalizers } } })
    await client.mergePatch(NODE_GROUPS, { ...place, subresource: 'status', patch: { status } })
    await waitFor(
      async () => {
        const { body } = await this.send({ path: `/clusters/web/node-groups/${nodegroupName}` })
        return (body['nodegroup'] as { status?: string } | undefined)?.status === status.phase
      },
      { what: `the service to see the node group "${nodegroupName}" as ${status.phase}` },
    )
  }

  /** What upkeep does now and then. */
  async runUpkeep(): Promise<void> {
    const stop = new AbortController()
    const client = this.home.client()
    const clusters = new Informer<Cluster>({ client, resource: CLUSTERS })
    const nodeGroups = new Informer<NodeGroup>({ client, resource: NODE_GROUPS })
    const updates = new Informer<Update>({ client, resource: UPDATES })
    const informers = [clusters, nodeGroups, updates] as const
    const running = informers.map((informer) => informer.run(stop.signal))
    await Promise.all(informers.map((informer) => informer.waitForSync(stop.signal)))
    await runRound({ client, clusters, nodeGroups, updates, clock: systemClock, log: silentLogger })
    stop.abort()
    await Promise.all(running)
  }

  async finishUpdate(id: string, status: UpdateStatus): Promise<void> {
    await this.home
      .client()
      .mergePatch(UPDATES, { namespace: NAMESPACE, name: id, subresource: 'status', patch: { status } })
  }

  updates(): readonly Update[] {
    return this.home.objects<Update>(UPDATES, NAMESPACE)
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
    await this.service.server.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    await this.home.goAway()
  }
}

export const LEAST_WISH = { roleArn: `arn:aws:iam::${ACCOUNT}:role/eks`, resourcesVpcConfig: {} } as const

export const LEAST_NODE_GROUP_WISH = { nodeRole: `arn:aws:iam::${ACCOUNT}:role/nodes`, subnets: ['subnet-1'] } as const

function release(minor: string, releasedMonthsAgo: number): Release {
  const monthsFromNow = (months: number): Date => {
    const date = new Date()
    date.setUTCMonth(date.getUTCMonth() + months)
    return date
  }
  return {
    minor,
    isDefault: false,
    kubernetes: { version: `v${minor}.2` },
    etcd: { oldest: 'v3.5.26', newestMinor: '3.7', version: 'v3.7.3' },
    platformRevision: 1,
    nodeBundles: [
      {
        releaseVersion: `${minor}.2-20261125`,
        kubelet: `v${minor}.2`,
        containerd: 'v2.4.2',
        runc: 'v1.5.2',
        cniPlugins: 'v1.10.0',
      },
    ],
    addOns: { coredns: 'v1.15.0', 'kube-proxy': `v${minor}.2`, 'metrics-server': 'v0.9.0' },
    releasedAt: monthsFromNow(-releasedMonthsAgo),
    standardSupportEndsAt: monthsFromNow(14 - releasedMonthsAgo),
    extendedSupportEndsAt: monthsFromNow(26 - releasedMonthsAgo),
  }
}
