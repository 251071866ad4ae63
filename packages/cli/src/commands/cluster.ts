import {
  CreateClusterCommand,
  DeleteClusterCommand,
  DescribeClusterCommand,
  type EKSClient,
  type Nodegroup,
} from '@aws-sdk/client-eks'
import { accountNamespace, CLUSTERS, type Cluster, objectName } from '@evenkeel/contract/kinds'
import {
  callEks,
  connectEks,
  describeAll,
  describeText,
  followCreation,
  followDeletion,
  listText,
  syncContexts,
} from '../cluster/index.ts'
import { eksAccess, LAUNCHER, type OpenedInstallation, openHome, requireInstallation } from '../installation/index.ts'
import { clusterNodesText, describeNodeGroups, nodesOf } from '../node-group/index.ts'
import { runSteps, type Step } from '../terminal/index.ts'
import { roleArnOf } from '../up/index.ts'

export interface OutputOptions {
  readonly output: 'text' | 'json'
}

type Write = (text: string) => void

export function writeJson(write: Write, value: unknown): void {
  write(`${JSON.stringify(value, undefined, 2)}\n`)
}

export interface Called {
  readonly opened: OpenedInstallation
  readonly eks: EKSClient
  /** Runs a call; a refusal becomes one line. */
  call<T>(deed: string, send: () => Promise<T>): Promise<T>
}

export async function withEks<T>(work: (called: Called) => Promise<T>): Promise<T> {
  const opened = await requireInstallation()
  const access = await eksAccess(opened)
  const eks = connectEks(access)
  try {
    return await work({ opened, eks, call: (deed, send) => callEks(deed, access.serviceUrl, send) })
  } finally {
    eks.destroy()
  }
}

export async function listClusters(options: OutputOptions, write: Write): Promise<void> {
  await withEks(async ({ eks, call }) => {
    const clusters = await call('list clusters', () => describeAll(eks))
    if (options.output === 'json') writeJson(write, { clusters })
    else write(listText(clusters))
  })
}

export async function describeCluster(name: string, options: OutputOptions, write: Write): Promise<void> {
  await withEks(async ({ opened, eks, call }) => {
    const { cluster } = await call(`describe cluster ${name}`, () => eks.send(new DescribeClusterCommand({ name })))
    const nodegroups = await call(`list node groups of ${name}`, () => describeNodeGroups(eks, name))
    if (options.output === 'json') {
      writeJson(write, { cluster, nodegroups })
      return
    }
    write(describeText(cluster ?? {}, { network: await networkOf(opened, name) }))
    if (nodegroups.length > 0) write(`\n${await nodesText(opened, name, nodegroups)}`)
  })
}

/** Node groups with their nodes, which the home alone knows. */
async function nodesText(
  opened: OpenedInstallation,
  clusterName: string,
  nodegroups: readonly Nodegroup[],
): Promise<string> {
  const home = openHome(opened)
  try {
    const namespace = accountNamespace(opened.installation.accountId)
    const names = nodegroups.map(({ nodegroupName = '' }) => nodegroupName)
    const nodes = await Promise.all(names.map((name) => nodesOf({ home, namespace, clusterName, name })))
    return clusterNodesText(nodegroups, { nodes, nowMs: Date.now() })
  } finally {
    home.close()
  }
}

/** EKS has no word for it; the home does. Where that does not answer, nothing is said. */
async function networkOf(opened: OpenedInstallation, name: string): Promise<string | undefined> {
  const home = openHome(opened)
  const namespace = accountNamespace(opened.installation.accountId)
  try {
    const options = { namespace, name: objectName(name), timeoutMs: HOME_TIMEOUT_MS }
    return (await home.get<Cluster>(CLUSTERS, options)).status?.network
  } catch {
    return undefined
  } finally {
    home.close()
  }
}

const HOME_TIMEOUT_MS = 2000

export interface WaitOptions {
  readonly wait: boolean
}

export async function createCluster(
  name: string,
  options: WaitOptions & { readonly version?: string },
  context: { readonly signal: AbortSignal; readonly write: Write },
): Promise<void> {
  const { signal, write } = context
  await withEks(async ({ opened, eks, call }) => {
    const version = options.version === undefined ? {} : { version: options.version }
    const input = { name, roleArn: roleArnOf(opened.installation.accountId), resourcesVpcConfig: {}, ...version }
    await call(`create cluster ${name}`, () => eks.send(new CreateClusterCommand(input)))
    if (!options.wait) {
      write(`cluster ${name} is CREATING: ./evenkeel status shows how far it is\n`)
      return
    }
    await follow(opened, { name, signal }, followCreation)
    await syncContexts({
      access: await eksAccess(opened),
      stateFolder: opened.paths.home,
      launcher: LAUNCHER,
      preferred: name,
    })
    if (opened.installation.simulated !== true) write(`Try:  ./evenkeel kubectl ${name} get namespaces\n`)
  })
}

export async function deleteCluster(
  name: string,
  options: WaitOptions,
  context: { readonly signal: AbortSignal; readonly write: Write },
): Promise<void> {
  const { signal, write } = context
  await withEks(async ({ opened, eks, call }) => {
    await call(`delete cluster ${name}`, () => eks.send(new DeleteClusterCommand({ name })))
    if (!options.wait) {
      write(`cluster ${name} is DELETING\n`)
      return
    }
    await follow(opened, { name, signal }, async (following) => (await followDeletion(following)) ?? 'gone')
    await syncContexts({ access: await eksAccess(opened), stateFolder: opened.paths.home, launcher: LAUNCHER })
  })
}

async function follow(
  opened: OpenedInstallation,
  { name, signal }: { readonly name: string; readonly signal: AbortSignal },
  how: typeof followCreation,
): Promise<void> {
  const home = openHome(opened)
  const namespace = accountNamespace(opened.installation.accountId)
  const step: Step = { title: `cluster ${name}`, run: (report) => how({ home, namespace, name, report, signal }) }
  try {
    await runSteps([step], { signal })
  } finally {
    home.close()
  }
}
