import type { NodeGroup, NodeStatus } from '@evenkeel/contract/kinds'
import { newestNodeBundle, releaseOf } from '@evenkeel/distribution'
import { waitLines } from '../cluster/index.ts'

/** A node as people see it; `since` is not known where only a keeper can be asked. */
export type NodeView = Omit<NodeStatus, 'since'> & { readonly since?: string }

/** A node group as people see it. */
export interface NodeGroupView {
  readonly name: string
  readonly phase: string
  /** Node bundle that its nodes run; this and how many are desired are known to the home alone. */
  readonly releaseVersion?: string
  /** The newest bundle of their minor, where they run an older one. */
  readonly newerRelease?: string
  readonly desired?: number
  readonly ready: number
  readonly nodes: readonly NodeView[]
  /** What is not so and should be. */
  readonly waits: readonly string[]
}

/** Of an object of the home. Pure. */
export function nodeGroupView({ metadata, spec, status = {} }: NodeGroup): NodeGroupView {
  const releaseVersion = status.releaseVersion ?? spec.releaseVersion
  const newest = newestOf(status.version ?? spec.version)
  const issues = (status.health?.issues ?? []).map((issue) => `${issue.code}: ${issue.message}`)
  const isDeleting = metadata.deletionTimestamp !== undefined && status.phase !== 'DELETE_FAILED'
  return {
    name: spec.nodegroupName,
    phase: isDeleting ? 'DELETING' : (status.phase ?? 'CREATING'),
    releaseVersion,
    ...(newest === undefined || newest === releaseVersion ? {} : { newerRelease: newest }),
    desired: spec.scalingConfig.desiredSize,
    ready: status.readyCount ?? 0,
    nodes: status.nodes ?? [],
    waits:
      status.phase === undefined
        ? ['a keeper that takes it over']
        : [...new Set([...waitLines(status.conditions ?? [], 'NodeGroupReady'), ...issues])],
  }
}

function newestOf(minor: string): string | undefined {
  const release = releaseOf(minor)
  return release && newestNodeBundle(release).releaseVersion
}
