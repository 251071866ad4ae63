import { readdir, rm } from 'node:fs/promises'
import { waitFor } from '@evenkeel/kernel/testing'
import type { InstanceSpec } from '@evenkeel/substrate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cutShort } from './testing/cut-short.ts'
import { type LocalWorld, makeLocalWorld } from './testing/local-world.ts'

let world: LocalWorld
beforeAll(async () => {
  world = await makeLocalWorld()
})
afterAll(async () => {
  await world?.dispose()
})

/** Every path of the installation that names the cluster. */
async function tracesOf(cluster: string): Promise<string[]> {
  return (await readdir(world.home, { recursive: true })).filter((path) => path.includes(cluster))
}

/** What a keeper does with a cluster that is to go: it ends what it sees, until it sees nothing. */
async function removeAllObserved(cluster: string): Promise<void> {
  const { instances } = world.substrate
  await waitFor(
    async () => {
      const seen = await instances.observe(cluster)
      await Promise.all(seen.map((id) => instances.remove(id, { graceSeconds: 0 })))
      return seen.length === 0
    },
    { what: `${cluster} to be gone`, deadlineMs: 10_000 },
  )
}

function specOf(cluster: string): InstanceSpec {
  return world.instance({ cluster, name: 'x', files: [{ path: 'pki/key.pem', content: 'key', onChange: 'restart' }] })
}

/** Does something after each number of changes of files, until there is no more to be cut short. */
async function afterEachChange(prefix: string, once: (cluster: string, changes: number) => Promise<'cut' | 'done'>) {
  for (let changes = 0; ; changes += 1) {
    if ((await once(`${prefix}-${changes}-x`, changes)) === 'done') return changes
  }
}

describe('a process that is killed between any two changes of files', () => {
  it('when it writes an instance down, what is left of it is seen, and can be removed without a trace', async () => {
    const changes = await afterEachChange('written', async (cluster, after) => {
      const end = await cutShort(after, () => world.substrate.instances.ensure(specOf(cluster)))
      await removeAllObserved(cluster)
      expect(await tracesOf(cluster), `after ${after} changes`).toEqual([])
      expect(await world.substrate.instances.clusters()).not.toContain(cluster)
      return end
    })
    expect(changes).toBeGreaterThan(10)
  }, 60_000)

  it('when it writes an instance down, the next one makes it run', async () => {
    await afterEachChange('ensured', async (cluster, after) => {
      const spec = specOf(cluster)
      const end = await cutShort(after, () => world.substrate.instances.ensure(spec))
      const { instances } = world.substrate
      // A keeper asks again for what is not written down, and for what is but does not come up.
      const [seen] = await instances.observe(cluster)
      if (seen?.writtenDigest === undefined || seen.state === 'starting') await instances.ensure(spec)
      await waitFor(async () => (await instances.observe(cluster))[0]?.state === 'running', {
        what: `${cluster} to run`,
      })
      await removeAllObserved(cluster)
      return end
    })
  }, 60_000)

  it('when it removes an instance, what is left of it is seen, and the next removal leaves no trace', async () => {
    const changes = await afterEachChange('removed', async (cluster, after) => {
      const { instances } = world.substrate
      await instances.ensure(specOf(cluster))
      await waitFor(async () => (await instances.observe(cluster))[0]?.state === 'running', {
        what: `${cluster} to run`,
      })
      const end = await cutShort(after, () => removeAllObserved(cluster))
      if ((await tracesOf(cluster)).length > 0) expect(await instances.clusters()).toContain(cluster)
      await removeAllObserved(cluster)
      expect(await tracesOf(cluster), `after ${after} changes`).toEqual([])
      return end
    })
    expect(changes).toBeGreaterThan(5)
  }, 60_000)

  it('when it makes or removes a volume, the next removal leaves no trace', async () => {
    const { volumes } = world.substrate
    const volumeOf = (cluster: string) => ({ cluster, name: 'etcd-a', zone: 'a' })
    await afterEachChange('made', async (cluster, after) => {
      const end = await cutShort(after, () => volumes.ensure(volumeOf(cluster)))
      await volumes.remove(cluster)
      expect(await tracesOf(cluster), `after ${after} changes`).toEqual([])
      return end
    })
    await afterEachChange('unmade', async (cluster, after) => {
      await volumes.ensure(volumeOf(cluster))
      const end = await cutShort(after, () => volumes.remove(cluster))
      if ((await tracesOf(cluster)).length > 0) expect(await volumes.clusters()).toContain(cluster)
      await volumes.remove(cluster)
      expect(await tracesOf(cluster), `after ${after} changes`).toEqual([])
      return end
    })
  })

  it('when it removes records, the cluster is still known until nothing is left', async () => {
    const { records } = world.substrate
    await afterEachChange('recorded', async (cluster, after) => {
      await records.write(cluster, 'pki/ca.key', 'key')
      const end = await cutShort(after, () => records.remove(cluster))
      if ((await tracesOf(cluster)).length > 0) expect(await records.clusters()).toContain(cluster)
      await records.remove(cluster)
      expect(await tracesOf(cluster), `after ${after} changes`).toEqual([])
      return end
    })
  })
})

describe('an instance whose scan link is gone', () => {
  it('when it is observed, it is not written down, so that it is ensured again', async () => {
    const { instances } = world.substrate
    const spec = world.instance({ cluster: 'unlinked', name: 'x' })
    const link = `${world.home}/run/trees/a/unlinked.x`
    await instances.ensure(spec)
    await waitFor(async () => (await instances.observe('unlinked'))[0]?.state === 'running', { what: 'it to run' })
    await rm(link)
    expect((await instances.observe('unlinked'))[0]?.writtenDigest).toBeUndefined()
    await instances.ensure(spec)
    expect((await instances.observe('unlinked'))[0]?.writtenDigest).toBeDefined()
  })
})
