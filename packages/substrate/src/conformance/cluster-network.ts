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
      const addresses = firsts.flatMap((plan) => [...new Set(addressesOf(plan))])
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

    it('when a cluster has claimed nothing, nothing of it is there, and none can be made', async () => {
      expect(await network().isPresent('nobody')).toBe(false)
      await expect(network().ensure('nobody')).rejects.toMatchObject({ code: 'NotFound' })
    })

    it('when a network has been ensured, it is present, and to ensure it again changes nothing', async () => {
      await network().claim('carried')
      await network().ensure('carried')
      await network().ensure('carried')
      expect(await network().isPresent('carried')).toBe(true)
    })

    it('when nodes claim, each has addresses of its own until it is released, or there are no nodes at all', async () => {
      const { nodes } = await network().claim('noded')
      if (nodes === undefined) {
        await expect(network().claimNode('noded', 'one')).rejects.toMatchObject({ code: 'NotFound' })
        await network().releaseNode('noded', 'one')
        return
      }
      const names = ['one', 'two', 'three']
      const claimed = await Promise.all(names.map((name) => network().claimNode('noded', name)))
      expect(new Set(claimed.map(({ host }) => host)).size).toBe(names.length)
      expect(new Set(claimed.map(({ podCidr }) => podCidr)).size).toBe(names.length)
      expect(await (await world().reopen()).network.claimNode('noded', 'two')).toEqual(claimed[1])
      await network().releaseNode('noded', 'one')
      await network().releaseNode('noded', 'one')
      expect(await network().claimNode('noded', 'four')).toEqual(claimed[0])
      await network().release('noded')
      expect(await network().clusters()).not.toContain('noded')
    })
  })
}

function addressesOf(plan: NetworkPlan): string[] {
  const members = Object.values(plan.zones).flatMap(({ host, advertise }) => [host, advertise])
  return [`${plan.endpoint.host}:${plan.endpoint.port}`, ...members]
}
