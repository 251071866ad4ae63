import { describe, expect, it } from 'vitest'
import type { EndpointSpec } from '../endpoint.ts'
import { eventually, type MakeSubstrate, type SubstrateUnderTest } from './under-test.ts'
import { useWorld } from './world.ts'

export function describeEndpoint(make: MakeSubstrate): void {
  describe('Endpoint', () => {
    const world = useWorld(make)
    const endpoint = () => world().substrate.endpoint

    it('when it is ensured, its balancers run with the digest of the spec', async () => {
      const spec = await world().endpoint({ cluster: 'served' })
      await untilInForce(world(), spec)
      const observed = await endpoint().observe('served')
      expect(observed.balancers.length).toBeGreaterThan(1)
      expect(observed.balancers.map(({ state }) => state)).toEqual(observed.balancers.map(() => 'running'))
      expect(await (await world().reopen()).endpoint.observe('served')).toEqual(observed)
    })

    it('when nothing changed, ensuring it again changes nothing', async () => {
      const spec = await world().endpoint({ cluster: 'settled' })
      await untilInForce(world(), spec)
      const before = await world().substrate.instances.observe('settled')
      await endpoint().ensure(spec)
      expect(await world().substrate.instances.observe('settled')).toEqual(before)
    })

    it('when a backend changes, the digest changes and comes into force', async () => {
      const spec = await world().endpoint({ cluster: 'moved' })
      await untilInForce(world(), spec)
      const moved = {
        ...spec,
        backends: spec.backends.map((backend, index) =>
          index === 0 ? { ...backend, port: backend.port + 1 } : backend,
        ),
      }
      expect(endpoint().digest(moved)).not.toBe(endpoint().digest(spec))
      expect(endpoint().digest({ ...spec, backends: spec.backends.toReversed() })).toBe(endpoint().digest(spec))
      await untilInForce(world(), moved)
    })

    it('when it is removed, nothing is left, and again is fine', async () => {
      const spec = await world().endpoint({ cluster: 'gone' })
      await untilInForce(world(), spec)
      await eventually(world(), 'nothing to be left', async () => (await endpoint().remove('gone')) === 'gone')
      expect(await endpoint().observe('gone')).toEqual({ cluster: 'gone', balancers: [] })
      expect(await endpoint().remove('gone')).toBe('gone')
    })
  })
}

async function untilInForce(world: SubstrateUnderTest, spec: EndpointSpec): Promise<void> {
  const { endpoint } = world.substrate
  await eventually(world, `the endpoint of ${spec.cluster} to be in force`, async () => {
    await endpoint.ensure(spec)
    return (await endpoint.observe(spec.cluster)).digest === endpoint.digest(spec)
  })
}
