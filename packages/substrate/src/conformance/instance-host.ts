import { describe, expect, it } from 'vitest'
import { filesDigest, instanceDigest } from '../instance-digest.ts'
import type { InstanceId, InstanceSpec, ObservedInstance } from '../instance-host.ts'
import { eventually, type MakeSubstrate, type SubstrateUnderTest } from './under-test.ts'
import { useWorld } from './world.ts'

export function describeInstanceHost(make: MakeSubstrate): void {
  describe('InstanceHost', () => {
    const world = useWorld(make)

    it('when a spec is ensured, it runs and observe tells all about it', async () => {
      const spec = world().instance({ cluster: 'told', name: 'etcd-a', component: 'etcd', place: 'b', files: FILES })
      await ensure(world(), spec)
      const observed = await untilRunning(world(), spec)
      expect(observed).toEqual({
        cluster: 'told',
        name: 'etcd-a',
        component: 'etcd',
        place: 'b',
        program: spec.program,
        runningDigest: instanceDigest(spec),
        writtenDigest: instanceDigest(spec),
        filesDigest: filesDigest(spec),
        state: 'running',
        pid: expect.any(Number),
        startedAt: expect.any(Number),
      })
      expect(await world().substrate.instances.clusters()).toContain('told')
    })

    it('when it is ensured again, it goes on as the same process', async () => {
      const spec = world().instance({ cluster: 'again', name: 'x' })
      await ensure(world(), spec)
      const first = await untilRunning(world(), spec)
      await ensure(world(), spec)
      await (await world().reopen()).instances.ensure(spec)
      expect(await observe(world(), spec)).toEqual(first)
    })

    it('when two ensure it at once, it runs once', async () => {
      const spec = world().instance({ cluster: 'twice', name: 'x' })
      await Promise.all([ensure(world(), spec), ensure(world(), spec)])
      const { pid } = await untilRunning(world(), spec)
      await world().turn()
      expect(await world().substrate.instances.observe('twice')).toMatchObject([{ name: 'x', pid }])
    })

    it('when a restart file changes, it is written but the process goes on until restart', async () => {
      const before = world().instance({ cluster: 'changed', name: 'x', files: FILES })
      const after = { ...before, files: [{ ...FILES[0]!, content: 'new' }, FILES[1]!] }
      await ensure(world(), before)
      const { pid } = await untilRunning(world(), before)
      await ensure(world(), after)
      expect(await observe(world(), before)).toMatchObject({
        pid,
        state: 'running',
        runningDigest: instanceDigest(before),
        writtenDigest: instanceDigest(after),
        filesDigest: filesDigest(after),
      })

      await world().substrate.instances.restart(before, pid!)
      const restarted = await eventually(world(), 'the new process', async () => {
        const seen = await observe(world(), before)
        return seen?.state === 'running' && seen.pid !== pid ? seen : undefined
      })
      expect(restarted.runningDigest).toBe(instanceDigest(after))

      // The pid of a process that is gone restarts nothing.
      await world().substrate.instances.restart(before, pid!)
      await world().turn()
      expect((await observe(world(), before))?.pid).toBe(restarted.pid)
    })

    it('when a reload file changes, only the files digest changes', async () => {
      const before = world().instance({ cluster: 'reloaded', name: 'x', files: FILES })
      const after = { ...before, files: [FILES[0]!, { ...FILES[1]!, content: 'new' }] }
      await ensure(world(), before)
      const first = await untilRunning(world(), before)
      await ensure(world(), after)
      expect(await observe(world(), before)).toEqual({ ...first, filesDigest: filesDigest(after) })
    })

    it('when its process is killed, it runs again by itself', async () => {
      const spec = world().instance({ cluster: 'killed', name: 'x' })
      await ensure(world(), spec)
      const first = await untilRunning(world(), spec)
      await world().kill(first)
      const second = await eventually(world(), 'the next process', async () => {
        const seen = await observe(world(), spec)
        return seen?.state === 'running' && seen.pid !== first.pid ? seen : undefined
      })
      expect(second.runningDigest).toBe(instanceDigest(spec))
    })

    it('when it is stopped, it stays down until it is ensured', async () => {
      const spec = world().instance({ cluster: 'stopped', name: 'x' })
      await ensure(world(), spec)
      await untilRunning(world(), spec)
      await untilGone(world(), () => world().substrate.instances.stop(spec))
      expect(await observe(world(), spec)).toMatchObject({ state: 'stopped', writtenDigest: instanceDigest(spec) })
      expect((await observe(world(), spec))?.pid).toBeUndefined()
      expect(await world().substrate.instances.stop(spec)).toBe('gone')
      await ensure(world(), spec)
      await untilRunning(world(), spec)
    })

    it('when it is removed, nothing of it is left and a second removal is fine', async () => {
      const spec = world().instance({ cluster: 'removed', name: 'x', files: FILES })
      await ensure(world(), spec)
      await untilRunning(world(), spec)
      await untilGone(world(), () => world().substrate.instances.remove(spec, { graceSeconds: 0 }))
      expect(await world().substrate.instances.observe('removed')).toEqual([])
      expect(await world().substrate.instances.clusters()).not.toContain('removed')
      expect(await world().substrate.instances.remove(spec)).toBe('gone')
    })

    it('when a removed one is ensured again, it starts anew', async () => {
      const spec = world().instance({ cluster: 'reborn', name: 'x' })
      await ensure(world(), spec)
      await untilRunning(world(), spec)
      await untilGone(world(), () => world().substrate.instances.remove(spec))
      await ensure(world(), spec)
      await untilRunning(world(), spec)
    })

    it('when one of several clusters is observed, it shows all instances of that one alone', async () => {
      const names = ['a', 'b', 'c']
      await Promise.all(names.map((name) => ensure(world(), world().instance({ cluster: 'many', name, place: name }))))
      await ensure(world(), world().instance({ cluster: 'many2', name: 'z' }))
      const observed = await world().substrate.instances.observe('many')
      expect(observed.map(({ name, place }) => [name, place])).toEqual(names.map((name) => [name, name]))
      expect(await world().substrate.instances.observe('nobody')).toEqual([])
    })

    it('when the program is not known, it refuses with NotFound', async () => {
      const spec = world().instance({ cluster: 'unknown', name: 'x', program: { name: 'nothing', version: 'v0.0.0' } })
      await expect(ensure(world(), spec)).rejects.toMatchObject({ name: 'SubstrateFault', code: 'NotFound' })
      expect(await world().substrate.instances.observe('unknown')).toEqual([])
    })

    it('when a volume is missing, it refuses with NotFound', async () => {
      const spec = world().instance({ cluster: 'novolume', name: 'x', volumes: ['data'] })
      await expect(ensure(world(), spec)).rejects.toMatchObject({ name: 'SubstrateFault', code: 'NotFound' })
    })

    it('when what never was is stopped or removed, it is gone', async () => {
      expect(await world().substrate.instances.stop({ cluster: 'never', name: 'x' })).toBe('gone')
      expect(await world().substrate.instances.remove({ cluster: 'never', name: 'x' })).toBe('gone')
    })
  })
}

const FILES = [
  { path: 'config/one.yaml', content: 'one', onChange: 'restart' },
  { path: 'two.yaml', content: 'two', onChange: 'reload' },
] as const satisfies InstanceSpec['files']

async function ensure(world: SubstrateUnderTest, spec: InstanceSpec): Promise<void> {
  await world.substrate.instances.ensure(spec)
}

async function observe(world: SubstrateUnderTest, id: InstanceId): Promise<ObservedInstance | undefined> {
  return (await world.substrate.instances.observe(id.cluster)).find(({ name }) => name === id.name)
}

async function untilRunning(world: SubstrateUnderTest, id: InstanceId): Promise<ObservedInstance> {
  return await eventually(world, `${id.cluster}/${id.name} to run`, async () => {
    const seen = await observe(world, id)
    return seen?.state === 'running' ? seen : undefined
  })
}

async function untilGone(world: SubstrateUnderTest, end: () => Promise<'stopping' | 'gone'>): Promise<void> {
  await eventually(world, 'nothing to be left', async () => (await end()) === 'gone')
}
