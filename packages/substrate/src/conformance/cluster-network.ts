import { describe, expect, it } from 'vitest'
import type { NetworkPlan } from '../cluster-network.ts'
import type { MakeSubstrate } from './under-test.ts'
import { useWorld } from './world.ts'

export function describeClusterNetwork(make: MakeSubstrate): void {
  describe('ClusterNetwork', () => {
    const world = useWorld(make)
    const network = () => world().substrate.network

    it('when a cluster claims again, it gets the same plan, from every keeper', async () => {
      const plan = await network().claim('same')
      expect(await network().claim('same')).toEqual(plan)
      expect(await (await world().reopen()).network.claim('same')).toEqual(plan)
      expect(Object.keys(plan.zones).sort()).toEqual([...world().substrate.zones].sort())
    })

    it('when many claim at once, no address is given twice', async () => {
      const names = Array.from({ length: 20 }, (_, index) => `crowd${index}`)
      const plans = await Promise.all([...names, ...names].map((name) => network().claim(name)))
      const firsts = plans.slice(0, names.length)
      expect(plans.slice(names.length)).toEqual(firsts)
      const addresses = firsts.flatMap(addressesOf)
      expect(new Set(addresses).size).toBe(addresses.length)
    })

    it('when a cluster releases, it is known no more and others keep theirs', async () => {
      const kept = await network().claim('kept')
      await network().claim('released')
      await network().release('released')
      await network().release('released')
      expect(await network().clusters()).toContain('kept')
      expect(await network().clusters()).not.toContain('released')
      expect(await network().claim('kept')).toEqual(kept)
    })
  })
}

function addressesOf(plan: NetworkPlan): string[] {
  const members = Object.values(plan.zones).flatMap(({ host, advertise }) => [host, advertise])
  return [`${plan.endpoint.host}:${plan.endpoint.port}`, ...members]
}
