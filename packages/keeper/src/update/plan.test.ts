import type { Update } from '@evenkeel/contract/kinds'
import { describe, expect, it } from 'vitest'
import { planUpdate, type UpdateSnapshot } from './plan.ts'

const CREATED_MS = Date.parse('2026-11-24T12:00:00Z')

function snapshot(type: string, value: string, change: Partial<UpdateSnapshot> = {}): UpdateSnapshot {
  const update: Update = {
    apiVersion: 'evenkeel.dev/v1alpha1',
    kind: 'Update',
    metadata: { name: 'u1', namespace: 'account-1', creationTimestamp: '2026-11-24T12:00:00Z' },
    spec: { clusterName: 'web', type, params: [{ type: 'any', value }] },
  }
  return { nowMs: CREATED_MS + 1000, update, acceptedSpec: { eksName: 'web', version: '1.37' }, ...change }
}

describe('planUpdate', () => {
  const accepted = {
    eksName: 'web',
    version: '1.37',
    deletionProtection: true,
    upgradePolicy: { supportType: 'STANDARD' as const },
  }
  const { acceptedSpec: _none, ...unseen } = snapshot('DeletionProtectionUpdate', 'true')
  it.each<[string, UpdateSnapshot, string[]]>([
    [
      'its change is accepted',
      snapshot('DeletionProtectionUpdate', 'true', { acceptedSpec: accepted }),
      ['Successful'],
    ],
    ['it asks for what is the default', snapshot('DeletionProtectionUpdate', 'false'), ['Successful']],
    [
      'it is a policy in JSON',
      snapshot('UpgradePolicyUpdate', '{"supportType":"STANDARD"}', { acceptedSpec: accepted }),
      ['Successful'],
    ],
    ['it is a policy as a word', snapshot('UpgradePolicyUpdate', 'EXTENDED'), ['Successful']],
    ['its change is not accepted yet', snapshot('DeletionProtectionUpdate', 'true'), []],
    ['nothing is accepted yet', { ...unseen, acceptedSpec: undefined }, []],
    ['it was overtaken', snapshot('DeletionProtectionUpdate', 'true', { nowMs: CREATED_MS + 61_000 }), ['Cancelled']],
    ['it is of a type that others complete', snapshot('VersionUpdate', '1.38', { acceptedSpec: accepted }), []],
  ])('when %s, it plans accordingly', (_when, given, phases) => {
    expect(planUpdate(given).steps.map((step) => step.phase)).toEqual(phases)
  })

  it('when it is done already, it plans nothing', () => {
    const given = snapshot('DeletionProtectionUpdate', 'false')
    const update = { ...given.update, status: { phase: 'Failed' as const } }
    expect(planUpdate({ ...given, update })).toEqual({ steps: [], notes: [] })
  })
})
