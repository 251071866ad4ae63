import type { KubeObject } from '@evenkeel/contract/kinds'
import { NAMESPACES } from '@evenkeel/kernel'
import { FakeHome } from '@evenkeel/kernel/testing'
import { describe, expect, test } from 'vitest'
import { claimHome, type HomeClaimant } from './claim.ts'

const { signal } = new AbortController()
const first: HomeClaimant = { id: 'k7pmw2x9qa', stateFolder: '/home/ann/.evenkeel', hasHome: false }
const second: HomeClaimant = { id: 'q1w2e3r4t5', stateFolder: '/home/bob/.evenkeel', hasHome: false }

async function claim(home: FakeHome, claimant: HomeClaimant): Promise<void> {
  const client = home.client()
  try {
    await claimHome(client, claimant, signal)
  } finally {
    client.close()
  }
}

function owner(home: FakeHome): string | undefined {
  const namespaces = home.objects<KubeObject>(NAMESPACES)
  return namespaces.find(({ metadata }) => metadata.name === 'evenkeel-identity')?.metadata.annotations?.[
    'evenkeel.dev/installation'
  ]
}

describe('claimHome', () => {
  test('when nobody has it, it is claimed, and claimed again it stays so', async () => {
    await using home = await FakeHome.start()
    await claim(home, first)
    expect(owner(home)).toBe(first.id)
    const { length } = home.writes
    await claim(home, { ...first, hasHome: true })
    expect(home.writes).toHaveLength(length)
  })

  test('when our namespace is there and names nobody, it is claimed and keeps what it says', async () => {
    await using home = await FakeHome.start()
    const client = home.client()
    const metadata = { name: 'evenkeel-identity', annotations: { theirs: 'yes' } }
    await client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata })
    client.close()
    await claim(home, first)
    expect(home.objects(NAMESPACES)).toMatchObject([
      { metadata: { annotations: { theirs: 'yes', 'evenkeel.dev/installation': first.id } } },
    ])
  })

  test('when it is the home of another installation, it refuses and names that one', async () => {
    await using home = await FakeHome.start()
    await claim(home, first)
    await expect(claim(home, second)).rejects.toThrow(
      /home of the installation k7pmw2x9qa \(.*:\/home\/ann\/\.evenkeel\)/,
    )
    expect(owner(home)).toBe(first.id)
  })

  test('when two want it at once, one gets it', async () => {
    await using home = await FakeHome.start()
    const ends = await Promise.allSettled([claim(home, first), claim(home, second)])
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  test('when the installation has had another home, it refuses: its clusters are there', async () => {
    await using home = await FakeHome.start()
    await expect(claim(home, { ...first, hasHome: true })).rejects.toThrow(/another Kubernetes than the home of this/)
    expect(home.writes).toEqual([])
  })
})
