import type { InstanceSpec, ObservedInstance } from '@evenkeel/substrate'
import { describe, expect, it } from 'vitest'
import { planOwnPrograms } from './supervision.ts'
import { observedOf } from './testing/snapshots.ts'

function own(name: string): InstanceSpec {
  const program = { name, version: 'own' }
  return {
    cluster: 'evenkeel',
    name,
    component: name,
    place: 'a',
    program,
    args: [],
    env: {},
    files: [],
    volumes: [],
    stopGraceSeconds: 10,
  }
}

const SPECS = ['keeper-a', 'authenticator-a', 'service'].map(own)
const SELF = { cluster: 'evenkeel', name: 'keeper-a' }

function seen(changes: Readonly<Record<string, Partial<ObservedInstance> | 'absent'>> = {}): ObservedInstance[] {
  return SPECS.flatMap((spec) => {
    const change = changes[spec.name]
    return change === 'absent' ? [] : [observedOf(spec, change)]
  })
}

describe('planOwnPrograms', () => {
  const lost = { state: 'unsupervised' as const }
  it.each<[string, ObservedInstance[], string[]]>([
    ['all run', seen(), []],
    ['one is missing', seen({ service: 'absent' }), ['EnsureInstance service']],
    ['none is written down', [], SPECS.map(({ name }) => `EnsureInstance ${name}`)],
    ['another version is written down', seen({ service: { writtenDigest: 'new', runningDigest: 'old' } }), []],
    ['one was stopped on purpose', seen({ service: { state: 'stopped' } }), []],
    ['one has lost its supervisor', seen({ service: lost }), ['RestartInstance service']],
    [
      'all have, others go before this keeper',
      seen({ 'keeper-a': lost, service: lost, 'authenticator-a': lost }),
      ['RestartInstance authenticator-a'],
    ],
    ['only this keeper has', seen({ 'keeper-a': lost }), ['RestartInstance keeper-a']],
    [
      'another one does not come up',
      seen({ service: lost, 'authenticator-a': { state: 'starting' } }),
      ['EnsureInstance authenticator-a'],
    ],
    [
      'another one is starting in another version',
      seen({ service: lost, 'authenticator-a': { state: 'starting', writtenDigest: 'new' } }),
      [],
    ],
  ])('when %s', (_when, observed, expected) => {
    const steps = planOwnPrograms(SPECS, observed, SELF)
    expect(steps.map(({ kind, instance }) => `${kind} ${instance.name}`)).toEqual(expected)
  })
})
