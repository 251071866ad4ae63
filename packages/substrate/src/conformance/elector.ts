import { describe, expect, it } from 'vitest'
import { eventually, isWonSoon, type MakeSubstrate } from './under-test.ts'
import { useWorld } from './world.ts'

export function describeElector(make: MakeSubstrate): void {
  describe('Elector', () => {
    const world = useWorld(make)
    const never = new AbortController().signal

    it('when one leads, nobody else does until it resigns', async () => {
      const first = await world().substrate.elector.campaign('resigned', never)
      const other = (await world().reopen()).elector.campaign('resigned', never)
      expect(await isWonSoon(world(), other)).toBe(false)
      expect(first.signal.aborted).toBe(false)
      await first.resign()
      expect(first.signal.aborted).toBe(true)
      const second = await other
      expect(second.signal.aborted).toBe(false)
      await first.resign()
      expect(second.signal.aborted).toBe(false)
      await second.resign()
    })

    it('when keys differ, each has a leader', async () => {
      const one = await world().substrate.elector.campaign('one', never)
      const two = await world().substrate.elector.campaign('two', never)
      expect([one.key, two.key]).toEqual(['one', 'two'])
      await Promise.all([one.resign(), two.resign()])
    })

    it('when a campaign is called off, it rejects and never wins', async () => {
      const leader = await world().substrate.elector.campaign('off', never)
      const calling = new AbortController()
      const campaign = world().substrate.elector.campaign('off', calling.signal)
      calling.abort(new Error('called off'))
      await expect(campaign).rejects.toThrow('called off')
      await leader.resign()
      const next = await world().substrate.elector.campaign('off', never)
      await next.resign()
    })

    it('when the process of the leader dies, one that stood by leads', async () => {
      const elsewhere = await world().campaignElsewhere('died')
      await elsewhere.leads
      const campaign = world().substrate.elector.campaign('died', never)
      expect(await isWonSoon(world(), campaign)).toBe(false)
      await elsewhere.die()
      await (await campaign).resign()
    })

    it('when many stand by, exactly one follows at a time', async () => {
      const leader = await world().substrate.elector.campaign('many', never)
      let leading = 0
      let most = 0
      let done = 0
      const turns = Array.from({ length: 8 }, async () => {
        const won = await world().substrate.elector.campaign('many', never)
        leading += 1
        most = Math.max(most, leading)
        await world().turn()
        leading -= 1
        await won.resign()
        done += 1
      })
      expect(await isWonSoon(world(), Promise.race(turns))).toBe(false)
      await leader.resign()
      await eventually(world(), 'all to have led', async () => done === 8)
      await Promise.all(turns)
      expect(most).toBe(1)
    })
  })
}
