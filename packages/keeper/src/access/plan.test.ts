import { describe, expect, it } from 'vitest'
import { planClusterAccess } from './clusters.ts'
import { planSigningKeys, type SigningKeySnapshot, signingKeyConditions } from './mirror.ts'

describe('planClusterAccess', () => {
  const write = { kind: 'WriteFile', file: 'clusters/abc.json', content: 'new' }
  const remove = { kind: 'RemoveFile', file: 'clusters/abc.json' }
  it.each<[string, string | undefined, string | undefined, object[]]>([
    ['it is to be known and is not', 'new', undefined, [write]],
    ['something else is known', 'new', 'old', [write]],
    ['all is told', 'new', 'new', []],
    ['it is not to be known any more', undefined, 'old', [remove]],
    ['nobody knows it and nobody should', undefined, undefined, []],
  ])('when %s', (_when, desiredDocument, observedDocument, steps) => {
    expect(planClusterAccess({ id: 'abc', desiredDocument, observedDocument }).steps).toEqual(steps)
  })
})

describe('planSigningKeys', () => {
  const record = { kind: 'RecordSigningKeys', content: 'asked' }
  const write = { kind: 'WriteFile', file: 'signing-keys.json', content: 'document' }
  const base: SigningKeySnapshot = {
    asked: 'asked',
    recorded: 'asked',
    desiredDocument: 'document',
    observedDocument: 'document',
    unreadable: [],
  }
  it.each<[string, Partial<SigningKeySnapshot>, object[]]>([
    ['all is told', {}, []],
    ['the home says something new, it is recorded first', { recorded: 'old', observedDocument: 'older' }, [record]],
    ['the folder is empty', { observedDocument: undefined }, [write]],
    ['the home is away, the record stays in force', { asked: undefined, observedDocument: undefined }, [write]],
    ['nothing was ever heard', { asked: undefined, recorded: undefined, desiredDocument: undefined }, []],
  ])('when %s', (_when, change, steps) => {
    expect(planSigningKeys({ ...base, ...change }).steps).toEqual(steps)
  })

  it('when a Secret cannot be read, it says which and goes on with the others', () => {
    const plan = planSigningKeys({ ...base, unreadable: ['Secret x has not the expected shape'] })
    expect(plan.notes).toMatchObject([{ kind: 'blocked', reason: 'SecretUnreadable' }])
  })

  it('when Secrets cannot be read, one condition names them in a fixed order, and there is none otherwise', () => {
    const unreadable = ['Secret b has not the expected shape', 'Secret a has not the expected shape']
    expect(signingKeyConditions({ ...base, unreadable })).toEqual([
      {
        type: 'SigningKeysReadable',
        status: 'False',
        reason: 'SecretUnreadable',
        message: expect.stringMatching(/^Secret a .*; Secret b .*at its next start$/),
      },
    ])
    expect(signingKeyConditions(base)).toEqual([])
  })
})
