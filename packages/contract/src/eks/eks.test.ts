import { describe, expect, it } from 'vitest'
import type { ClusterPhase } from '../kinds/index.ts'
import {
  badParameterFault,
  clusterActionAnswer,
  clusterArn,
  EksFault,
  faultBody,
  faultStatus,
  matchesPattern,
  memberShape,
  notOfferedFault,
  OPERATION_NAMES,
  operationFacts,
  parseArn,
  requiredMembers,
  shapeFacts,
} from './index.ts'

describe('facts of EKS', () => {
  it('when counted, there are 70 operations', () => {
    expect(OPERATION_NAMES).toHaveLength(70)
  })

  it('when CreateCluster is looked up, its bounds are those of AWS', () => {
    expect(operationFacts('CreateCluster')).toMatchObject({
      method: 'POST',
      path: '/clusters',
      input: 'CreateClusterRequest',
    })
    expect(requiredMembers('CreateClusterRequest')).toEqual(['name', 'roleArn', 'resourcesVpcConfig'])
    expect(shapeFacts(memberShape('CreateClusterRequest', 'name') ?? '')).toMatchObject({ min: 1, max: 100 })
    expect(shapeFacts(memberShape('UpgradePolicyRequest', 'supportType') ?? '')?.enum).toEqual(['STANDARD', 'EXTENDED'])
    expect(memberShape('CreateClusterRequest', 'roleArn')).toBeUndefined()
  })

  it('when a name only begins as the pattern says, it does not match', () => {
    const { pattern = '' } = shapeFacts('ClusterName') ?? {}
    expect(matchesPattern(pattern, 'web_1-A')).toBe(true)
    for (const wrong of ['', '-a', '_a', 'a.b', 'a b', 'a\n', 'é']) expect(matchesPattern(pattern, wrong)).toBe(false)
  })

  it('when a name is one that every JavaScript object knows, it is no fact', () => {
    expect(requiredMembers('constructor')).toEqual([])
    expect(memberShape('CreateClusterRequest', '__proto__')).toBeUndefined()
    expect(shapeFacts('toString')).toBeUndefined()
  })
})

describe('faults', () => {
  it.each([
    ['InvalidParameterException', 400],
    ['AccessDeniedException', 403],
    ['ResourceNotFoundException', 404],
    ['ResourceInUseException', 409],
    ['ResourceLimitExceededException', 400],
    ['ThrottlingException', 429],
    ['ServiceUnavailableException', 503],
    ['UnknownOperationException', 404],
    ['RequestEntityTooLargeException', 413],
  ] as const)('when %s is answered, its status is %i', (name, status) => {
    expect(faultStatus(name)).toBe(status)
  })

  it('when a fault has context that its body has no member for, it is left out', () => {
    const context = { clusterName: 'web', addonName: 'dns' }
    expect(faultBody(new EksFault('ResourceInUseException', 'taken', { context }))).toEqual({
      ...context,
      message: 'taken',
    })
    expect(faultBody(new EksFault('NotFoundException', 'none', { context }))).toEqual({ message: 'none' })
  })

  it.each(OPERATION_NAMES)(
    'when %s is not offered or wrongly called, the fault is a 400 that it declares, where it declares one',
    (name) => {
      const declared = operationFacts(name).errors
      const wanted = ['InvalidRequestException', 'InvalidParameterException', 'BadRequestException']
      for (const fault of [notOfferedFault(name), badParameterFault(name)]) {
        expect(faultStatus(fault)).toBe(400)
        expect(declared.includes(fault)).toBe(declared.some((one) => wanted.includes(one)))
      }
    },
  )
})

describe('actions', () => {
  const phases: readonly ClusterPhase[] = ['PENDING', 'CREATING', 'ACTIVE', 'UPDATING', 'FAILED', 'DELETING']

  it('when a cluster is in any phase, it may be deleted and tagged', () => {
    for (const phase of phases) {
      for (const action of ['DeleteCluster', 'TagResource', 'UntagResource'] as const) {
        expect(clusterActionAnswer(action, phase)).toBe('allowed')
      }
    }
  })

  it('when a cluster is not ACTIVE, its settings may not be changed, and the answer says why', () => {
    for (const phase of phases) {
      const answer = clusterActionAnswer('UpdateClusterConfig', phase)
      if (phase === 'ACTIVE') expect(answer).toBe('allowed')
      else expect(answer).toMatchObject({ fault: expect.stringMatching(/^(ResourceInUse|InvalidRequest)Exception$/) })
    }
  })
})

describe('ARNs', () => {
  it('when the ARN of a cluster is read, its parts are what it was made of', () => {
    const arn = clusterArn({ region: 'local-1', accountId: '000000000001' }, 'web')
    expect(arn).toBe('arn:aws:eks:local-1:000000000001:cluster/web')
    expect(parseArn(arn)).toEqual({
      partition: 'aws',
      service: 'eks',
      region: 'local-1',
      accountId: '000000000001',
      resource: 'cluster/web',
    })
  })

  it.each([
    '',
    'arn',
    'arn:aws:eks',
    'arn:aws:eks:r:12:cluster/x',
    'arn:AWS:eks:r:000000000001:x',
    'xarn:aws:eks:r:000000000001:x',
  ])('when given %j, it is no ARN', (text) => {
    expect(parseArn(text)).toBeUndefined()
  })
})
