import { CreateNodegroupCommand, DeleteNodegroupCommand, DescribeNodegroupCommand } from '@aws-sdk/client-eks'
import { accountNamespace } from '@evenkeel/contract/kinds'
import { type OpenedInstallation, openHome } from '../installation/index.ts'
import {
  describeNodeGroups,
  describeNodeGroupText,
  followNodeGroupCreation,
  followNodeGroupDeletion,
  listNodeGroupsText,
  nodesOf,
} from '../node-group/index.ts'
import { runSteps, type Step } from '../terminal/index.ts'
import { roleArnOf } from '../up/index.ts'
import { type OutputOptions, type WaitOptions, withEks, writeJson } from './cluster.ts'

type Write = (text: string) => void

interface Context {
  readonly signal: AbortSignal
  readonly write: Write
}

interface Names {
  readonly clusterName: string
  readonly name: string
}

export async function listNodeGroups(clusterName: string, options: OutputOptions, write: Write): Promise<void> {
  await withEks(async ({ eks, call }) => {
    const groups = await call(`list node groups of ${clusterName}`, () => describeNodeGroups(eks, clusterName))
    if (options.output === 'json') writeJson(write, { nodegroups: groups })
    else write(listNodeGroupsText(clusterName, groups))
  })
}

export async function describeNodeGroup(
  { clusterName, name }: Names,
  options: OutputOptions,
  write: Write,
): Promise<void> {
  await withEks(async ({ opened, eks, call }) => {
    const command = new DescribeNodegroupCommand({ clusterName, nodegroupName: name })
    const { nodegroup } = await call(`describe node group ${name} of ${clusterName}`, () => eks.send(command))
    const nodes = await withHome(opened, (place) => nodesOf({ ...place, clusterName, name }))
    if (options.output === 'json') writeJson(write, { nodegroup, nodes })
    else write(describeNodeGroupText(nodegroup ?? {}, { nodes, nowMs: Date.now() }))
  })
}

export interface NodeGroupWish {
  readonly nodes: number
  readonly min?: number
  readonly max?: number
  readonly instanceType?: string
  readonly disk?: number
  readonly version?: string
}

export async function createNodeGroup(
  { clusterName, name }: Names,
  options: WaitOptions & NodeGroupWish,
  { signal, write }: Context,
): Promise<void> {
  const { nodes, min = Math.min(1, nodes), max = Math.max(1, nodes), instanceType, disk, version } = options
  await withEks(async ({ opened, eks, call }) => {
    const command = new CreateNodegroupCommand({
      clusterName,
      nodegroupName: name,
      nodeRole: roleArnOf(opened.installation.accountId),
      subnets: [],
      scalingConfig: { minSize: min, maxSize: max, desiredSize: nodes },
      ...(instanceType === undefined ? {} : { instanceTypes: [instanceType] }),
      ...(disk === undefined ? {} : { diskSize: disk }),
      ...(version === undefined ? {} : { version }),
    })
    await call(`create node group ${name} of ${clusterName}`, () => eks.send(command))
    if (options.wait) await follow(opened, { clusterName, name, signal }, followNodeGroupCreation)
    else write(`node group ${name} is CREATING: ./evenkeel status shows how far it is\n`)
  })
}

export async function deleteNodeGroup(
  { clusterName, name }: Names,
  options: WaitOptions,
  { signal, write }: Context,
): Promise<void> {
  await withEks(async ({ opened, eks, call }) => {
    const command = new DeleteNodegroupCommand({ clusterName, nodegroupName: name })
    await call(`delete node group ${name} of ${clusterName}`, () => eks.send(command))
    if (options.wait) await follow(opened, { clusterName, name, signal }, followNodeGroupDeletion)
    else write(`node group ${name} is DELETING\n`)
  })
}

async function follow(
  opened: OpenedInstallation,
  { clusterName, name, signal }: Names & { readonly signal: AbortSignal },
  how: typeof followNodeGroupCreation,
): Promise<void> {
  await withHome(opened, async (place) => {
    const step: Step = {
      title: `node group ${name}`,
      run: (report) => how({ ...place, clusterName, name, report, signal }),
    }
    await runSteps([step], { signal })
  })
}

async function withHome<T>(
  opened: OpenedInstallation,
  work: (place: { readonly home: ReturnType<typeof openHome>; readonly namespace: string }) => Promise<T>,
): Promise<T> {
  const home = openHome(opened)
  try {
    return await work({ home, namespace: accountNamespace(opened.installation.accountId) })
  } finally {
    home.close()
  }
}
