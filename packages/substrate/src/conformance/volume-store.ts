import { describe, expect, it } from 'vitest'
import type { MakeSubstrate } from './under-test.ts'
import { useWorld } from './world.ts'

export function describeVolumeStore(make: MakeSubstrate): void {
  describe('VolumeStore', () => {
    const world = useWorld(make)
    const volumes = () => world().substrate.volumes

    it('when a volume is ensured twice, there is one', async () => {
      const spec = { cluster: 'one', name: 'etcd-a', zone: 'a' }
      await volumes().ensure(spec)
      await (await world().reopen()).volumes.ensure(spec)
      expect(await volumes().observe('one')).toEqual([{ ...spec, state: 'present' }])
      expect(await volumes().clusters()).toContain('one')
    })

    it('when a cluster has several, it shows all of them and no others', async () => {
      for (const zone of ['a', 'b', 'c']) await volumes().ensure({ cluster: 'three', name: `etcd-${zone}`, zone })
      await volumes().ensure({ cluster: 'three3', name: 'etcd-a', zone: 'a' })
      expect((await volumes().observe('three')).map(({ name, zone }) => [name, zone])).toEqual([
        ['etcd-a', 'a'],
        ['etcd-b', 'b'],
        ['etcd-c', 'c'],
      ])
      expect(await volumes().observe('nobody')).toEqual([])
    })

    it('when it is removed, all of its volumes are gone, and again is fine', async () => {
      await volumes().ensure({ cluster: 'gone', name: 'etcd-a', zone: 'a' })
      await volumes().remove('gone')
      await volumes().remove('gone')
      expect(await volumes().observe('gone')).toEqual([])
      expect(await volumes().clusters()).not.toContain('gone')
    })

    it('when the floor of free space is reached, it makes no volume, keeps those that are there and heals', async () => {
      const there = { cluster: 'full', name: 'etcd-a', zone: 'a' }
      await volumes().ensure(there)
      world().setFreeBytes(world().floorBytes - 1)
      await expect(volumes().ensure({ ...there, name: 'etcd-b' })).rejects.toMatchObject({
        name: 'SubstrateFault',
        code: 'NoSpace',
      })
      await volumes().ensure(there)
      expect(await volumes().observe('full')).toEqual([{ ...there, state: 'present' }])
      expect(await volumes().headroomBytes()).toBe(-1)

      world().setFreeBytes(world().floorBytes + 5)
      expect(await volumes().headroomBytes()).toBe(5)
      await volumes().ensure({ ...there, name: 'etcd-b' })
      expect(await volumes().observe('full')).toHaveLength(2)
    })
  })
}
