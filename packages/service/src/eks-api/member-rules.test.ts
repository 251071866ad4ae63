import { OPERATION_NAMES, type OperationName } from '@evenkeel/contract/eks'
import type { NormalizedSchema } from '@smithy/core/schema'
import { describe, expect, it } from 'vitest'
import { OPERATION_SCHEMAS } from '../eks-protocol/index.ts'
import { CREATE_CLUSTER_RULES, type MemberRule, UPDATE_CLUSTER_CONFIG_RULES } from './member-rules.ts'
import {
  CREATE_NODEGROUP_RULES,
  UPDATE_NODEGROUP_CONFIG_RULES,
  UPDATE_NODEGROUP_VERSION_RULES,
} from './node-group-members.ts'
import { accessNeeds } from './operation-access.ts'

describe('rules of members', () => {
  it.each<[OperationName, readonly MemberRule[]]>([
    ['CreateCluster', CREATE_CLUSTER_RULES],
    ['UpdateClusterConfig', UPDATE_CLUSTER_CONFIG_RULES],
    ['CreateNodegroup', CREATE_NODEGROUP_RULES],
    ['UpdateNodegroupConfig', UPDATE_NODEGROUP_CONFIG_RULES],
    ['UpdateNodegroupVersion', UPDATE_NODEGROUP_VERSION_RULES],
  ])('when %s has a member, exactly one rule is its own or of what it is in', (name, rules) => {
    const input = OPERATION_SCHEMAS.get(name)?.input ?? expect.unreachable()
    const paths = rules.map(({ path }) => path)
    expect(new Set(paths).size).toBe(paths.length)
    expect(membersOf(input, '', paths).sort()).toEqual([...paths].sort())
  })
})

describe('the access table', () => {
  it.each(OPERATION_NAMES)('when %s is looked up, it needs something at the home', (name) => {
    const needs = accessNeeds(name, { name: 'web' })
    expect(needs.length).toBeGreaterThan(0)
    for (const { verb, clusterName } of needs) {
      if (verb === 'create' || verb === 'list') expect(clusterName).toBeUndefined()
    }
  })

  it('when a call names a cluster by its ARN, the need is limited to it', () => {
    const resourceArn = 'arn:aws:eks:local-1:000000000001:cluster/web'
    expect(accessNeeds('TagResource', { resourceArn })).toEqual([
      { verb: 'patch', resource: 'clusters', clusterName: 'web' },
    ])
    const ofNodeGroup = 'arn:aws:eks:local-1:000000000001:nodegroup/web/small/1'
    expect(accessNeeds('TagResource', { resourceArn: ofNodeGroup })).toEqual([
      { verb: 'patch', resource: 'nodegroups', clusterName: undefined },
    ])
  })
})

/** Paths of all members, not below those that have a rule. */
function membersOf(schema: NormalizedSchema, prefix: string, ruled: readonly string[]): string[] {
  return [...schema.structIterator()].flatMap(([name, member]) => {
    const path = prefix + name
    return !ruled.includes(path) && member.isStructSchema() ? membersOf(member, `${path}.`, ruled) : [path]
  })
}
