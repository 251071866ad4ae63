import { EksFault } from '@evenkeel/contract/eks'
import { silentLogger } from '@evenkeel/kernel'
import { FakeClock, FakeHome, waitFor } from '@evenkeel/kernel/testing'
import { describe, expect, it } from 'vitest'
import { ADMIN } from '../testing/eks-rig.ts'
import { AccessChecks } from './access-checks.ts'
import { AccessMemory } from './access-memory.ts'

const CALL = {
  operation: 'DescribeCluster',
  input: { name: 'web' },
  caller: ADMIN,
  requestId: 'r',
  log: silentLogger,
} as const

function checksOf(home: FakeHome, clock: FakeClock): AccessChecks {
  const memory = new AccessMemory({ clock, log: silentLogger })
  return new AccessChecks({ client: home.client(), memory, clock, log: silentLogger, region: 'local-1', reads: [] })
}

function questionsTo(home: FakeHome): number {
  return home.requests.filter(({ path }) => path.endsWith('/subjectaccessreviews')).length
}

describe('checks of access', () => {
  it('when many calls come within five seconds, the home is asked once, and then again', async () => {
    await using home = await FakeHome.start()
    const clock = new FakeClock()
    const checks = checksOf(home, clock)
    await Promise.all(Array.from({ length: 20 }, () => checks.require(CALL)))
    await checks.require({ ...CALL, input: { name: 'other' } })
    expect(questionsTo(home)).toBe(1)
    await clock.advance(5001)
    await checks.require(CALL)
    expect(questionsTo(home)).toBe(2)
  })

  it('when a right is taken away, the next answer of the home counts', async () => {
    let isAllowed = true
    await using home = await FakeHome.start({ authorize: () => isAllowed })
    const clock = new FakeClock()
    const checks = checksOf(home, clock)
    await checks.require(CALL)
    isAllowed = false
    await clock.advance(5001)
    await expect(checks.require(CALL)).rejects.toMatchObject({ code: 'AccessDeniedException' })
  })

  it('when the home is away, its last answer counts for as long as that lasts', async () => {
    await using home = await FakeHome.start()
    const clock = new FakeClock()
    const checks = checksOf(home, clock)
    await checks.require(CALL)
    await home.goAway()
    await clock.advance(48 * 3600_000)
    await checks.require(CALL)
    const unasked = { ...CALL, caller: { ...ADMIN, arn: 'arn:aws:iam::000000000001:user/new' } }
    await expect(checks.require(unasked)).rejects.toMatchObject({ code: 'ServiceUnavailableException' })
  })

  it('when a new caller comes, the rights to read are asked ahead', async () => {
    await using home = await FakeHome.start()
    const clock = new FakeClock()
    const memory = new AccessMemory({ clock, log: silentLogger })
    const reads = ['ListClusters', 'ListUpdates', 'DescribeClusterVersions'] as const
    const checks = new AccessChecks({
      client: home.client(),
      memory,
      clock,
      log: silentLogger,
      region: 'local-1',
      reads,
    })
    await checks.require(CALL)
    await waitFor(() => questionsTo(home) === 4, { what: 'the other rights to be asked for' })
    await home.goAway()
    await checks.require({ ...CALL, operation: 'ListUpdates' })
  })

  it('when an operation needs two rights, one is not enough', async () => {
    await using home = await FakeHome.start({ authorize: (spec) => !JSON.stringify(spec).includes('"updates"') })
    const checks = checksOf(home, new FakeClock())
    const refused = checks.require({ ...CALL, operation: 'UpdateClusterConfig' })
    await expect(refused).rejects.toBeInstanceOf(EksFault)
    await expect(refused).rejects.toThrow('create updates')
  })
})
