import type { Nodegroup } from '@aws-sdk/client-eks'
import type { NodeStatus } from '@evenkeel/contract/kinds'
import { formatTable } from '../terminal/index.ts'
import { nodeLines } from './render.ts'

/** A node group of the EKS API for people, with its nodes where they are known. Pure. */
export function describeNodeGroupText(
  group: Nodegroup,
  { nodes, nowMs }: { readonly nodes: readonly NodeStatus[] | undefined; readonly nowMs: number },
): string {
  const { scalingConfig, updateConfig } = group
  const budget =
    updateConfig?.maxUnavailable === undefined
      ? `${updateConfig?.maxUnavailablePercentage ?? ''} %`
      : String(updateConfig.maxUnavailable)
  const rows: [string, string | undefined][] = [
    ['name', group.nodegroupName],
    ['cluster', group.clusterName],
    ['status', group.status],
    ['version', group.version],
    ['release', group.releaseVersion],
    ['size', `${scalingConfig?.desiredSize} (${scalingConfig?.minSize} to ${scalingConfig?.maxSize})`],
    ['instances', `${group.instanceTypes?.join(', ')} with ${group.diskSize} GiB, ${group.capacityType}`],
    ['updates', `${updateConfig?.updateStrategy}, ${budget} unavailable at most`],
    ['repair', group.nodeRepairConfig?.enabled === true ? 'on' : 'off'],
    ['labels', pairs(group.labels ?? {})],
    [
      'taints',
      (group.taints ?? []).map(({ key, value, effect }) => `${key}${value ? `=${value}` : ''}:${effect}`).join(' '),
    ],
    ['tags', pairs(group.tags ?? {})],
    ['arn', group.nodegroupArn],
    ['created', group.createdAt?.toISOString()],
  ]
  const shown = rows.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, value]]))
  const issues = (group.health?.issues ?? []).map((issue) => ['issue', `${issue.code ?? ''}: ${issue.message ?? ''}`])
  const lines = formatTable([...shown, ...issues])
  const ofNodes = nodes === undefined ? ['nodes: the home does not answer'] : nodeLines(nodes, nowMs)
  return `${[...lines, ...(ofNodes.length === 0 ? [] : ['', ...ofNodes])].join('\n')}\n`
}

/** The node groups of a cluster with their nodes, in the order of the groups. Pure. */
export function clusterNodesText(
  groups: readonly Nodegroup[],
  seen: { readonly nodes: readonly (readonly NodeStatus[] | undefined)[]; readonly nowMs: number },
): string {
  const heads = formatTable(
    groups.map(({ nodegroupName, status, scalingConfig, releaseVersion }) => [
      `node group ${nodegroupName}`,
      status ?? '',
      `${scalingConfig?.desiredSize} wanted`,
      releaseVersion ?? '',
    ]),
  )
  const lines = groups.flatMap((_group, at) => {
    const nodes = seen.nodes[at]
    const below = nodes === undefined ? ['nodes: the home does not answer'] : nodeLines(nodes, seen.nowMs)
    return [heads[at] ?? '', ...below.map((line) => `  ${line}`)]
  })
  return `${lines.join('\n')}\n`
}

/** A line a node group. Pure. */
export function listNodeGroupsText(clusterName: string, groups: readonly Nodegroup[]): string {
  if (groups.length === 0) return `no node groups: ./evenkeel nodegroup create ${clusterName} NAME\n`
  const rows = groups.map((group) => [
    group.nodegroupName ?? '',
    group.status ?? '',
    group.releaseVersion ?? '',
    String(group.scalingConfig?.desiredSize ?? ''),
    group.instanceTypes?.join(',') ?? '',
    group.createdAt?.toISOString().slice(0, 19) ?? '',
  ])
  return `${formatTable([['NAME', 'STATUS', 'RELEASE', 'DESIRED', 'INSTANCES', 'CREATED'], ...rows]).join('\n')}\n`
}

function pairs(map: Readonly<Record<string, string>>): string {
  return Object.entries(map)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ')
}
