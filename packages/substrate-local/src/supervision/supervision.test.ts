import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, rename, rm, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { waitFor } from '@evenkeel/kernel/testing'
import { instanceDigest } from '@evenkeel/substrate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stopTrees } from '../index.ts'
import { localPaths, PLACES } from '../installation/index.ts'
import {
  findLockHolder,
  findLockWaiters,
  findProcesses,
  type Process,
  readEnvironment,
  readLockTable,
  readProcess,
} from '../processes/index.ts'
import { endAllOf, type LocalWorld, makeLocalWorld } from '../testing/local-world.ts'
import { type LonelyInstance, startLonely } from '../testing/lonely-instance.ts'
import { ensureTrees } from './index.ts'
import { observeTreeProcesses } from './tree-processes.ts'
import { treeLockOf } from './tree-scripts.ts'

let world: LocalWorld
beforeAll(async () => {
  world = await makeLocalWorld()
})
afterAll(async () => {
  await world?.dispose()
})

const paths = () => localPaths(world.home)
const kill = (pid: number) => process.kill(pid, 'SIGKILL')

async function treeOf(place: string): Promise<Process> {
  return await waitFor(
    async () => {
      const holder = await findLockHolder(treeLockOf(paths(), place), readLockTable())
      return holder?.command === 's6-svscan' && holder
    },
    { what: `tree ${place}`, deadlineMs: 3000 },
  )
}

async function supervisorOf(instance: LonelyInstance): Promise<number> {
  const parent = readProcess(readProcess((await instance.observe())?.pid ?? 0)?.parentPid ?? 0)
  expect(parent?.command).toBe('s6-supervise')
  return parent!.pid
}

/** The trees are whole: one of each, each watched, no stray. */
async function untilWhole(): Promise<void> {
  await waitFor(
    async () => {
      const { trees, watchedPlaces, strays } = await observeTreeProcesses(paths())
      const working = [...trees.values()].filter(({ state }) => state === 'working')
      return working.length === 4 && watchedPlaces.size === 4 && strays.length === 0
    },
    { what: 'all trees to be whole', deadlineMs: 5000 },
  )
}

/** The keeper's turn: what is unsupervised is replaced, and then stands as it did before. */
async function replaceUnsupervised(instance: LonelyInstance): Promise<void> {
  const before = await instance.untilState('unsupervised')
  expect(before.runningDigest).toBe(instanceDigest(instance.spec))
  await world.substrate.instances.restart(instance.spec, before.pid!)
  await instance.untilReplaced(before.pid!)
  await instance.untilState('running')
  expect(await instance.complaints()).toBe('')
}

describe('supervision on real processes', () => {
  it('when a program is killed, a new process answers within two seconds', async () => {
    const instance = await startLonely(world, { name: 'program' })
    const pid = await instance.answeringPid()
    kill(pid)
    await instance.untilReplaced(pid)
    await instance.untilState('running')
    expect(await instance.complaints()).toBe('')
  })

  it('when a supervisor is killed, its program lives on unsupervised, and is replaced when asked', async () => {
    const instance = await startLonely(world, { name: 'supervisor' })
    const pid = await instance.answeringPid()
    kill(await supervisorOf(instance))
    await instance.untilState('unsupervised')
    await untilWhole()
    expect(await instance.answeringPid()).toBe(pid)
    await replaceUnsupervised(instance)
  })

  it('when a supervisor and then its program are killed, the waiting copy starts within two seconds', async () => {
    const instance = await startLonely(world, { name: 'both' })
    const pid = await instance.answeringPid()
    kill(await supervisorOf(instance))
    kill(pid)
    await instance.untilReplaced(pid)
    await instance.untilState('running')
    expect(await instance.complaints()).toBe('')
  })

  it('when the spec changes while a copy waits, that copy starts the new one', async () => {
    const instance = await startLonely(world, { name: 'newer' })
    const pid = await instance.answeringPid()
    kill(await supervisorOf(instance))
    await untilWhole()
    const changed = { ...instance.spec, env: { CHANGED: 'yes' } }
    await world.substrate.instances.ensure(changed)
    kill(pid)
    await instance.untilReplaced(pid)
    expect((await instance.untilState('running')).runningDigest).toBe(instanceDigest(changed))
  })

  it('when what watches a tree is killed first, the tree is still taken over', async () => {
    const [waiter] = await findLockWaiters(treeLockOf(paths(), 'b'), readLockTable())
    // It waits beside the tree, or it was faster at the start and is the tree's parent.
    kill(waiter?.parentPid ?? (await treeOf('b')).parentPid)
    if (waiter !== undefined) kill(waiter.pid)
    await untilWhole()
    const before = await treeOf('b')
    kill(before.pid)
    await waitFor(async () => (await treeOf('b')).pid !== before.pid, { what: 'a new tree', deadlineMs: 2000 })
    await untilWhole()
  })

  it.each(PLACES)(
    'when the s6-svscan of place %s is killed, its sister takes over and the program lives on',
    async (place) => {
      const instance = await startLonely(world, { name: `svscan-${place}`, place })
      const pid = await instance.answeringPid()
      const before = await treeOf(place)
      kill(before.pid)
      await waitFor(async () => (await treeOf(place)).pid !== before.pid, { what: 'a new tree', deadlineMs: 2000 })
      await untilWhole()
      expect(await instance.answeringPid()).toBe(pid)
      await replaceUnsupervised(instance)
    },
  )

  it('when a whole tree is killed with its programs, all runs again within two seconds', async () => {
    const instances = [
      await startLonely(world, { name: 'whole-1', place: 'c' }),
      await startLonely(world, { name: 'whole-2', place: 'c' }),
    ]
    const pids = await Promise.all(instances.map((instance) => instance.answeringPid()))
    const { all } = await observeTreeProcesses(paths())
    const tree = await treeOf('c')
    const supervisors = all.filter(({ parentPid }) => parentPid === tree.pid)
    for (const { pid } of [tree, ...supervisors]) kill(pid)
    for (const pid of pids) kill(pid)
    await Promise.all(instances.map((instance, index) => instance.untilReplaced(pids[index]!)))
    await untilWhole()
    for (const instance of instances) {
      await instance.untilState('running')
      expect(await instance.complaints()).toBe('')
    }
  })

  it('when all trees are killed at once, ensureTrees brings them back around running programs', async () => {
    const instance = await startLonely(world, { name: 'all' })
    const pid = await instance.answeringPid()
    for (const place of PLACES) kill((await treeOf(place)).pid)
    const deeds = await ensureTrees({ home: world.home })
    expect(deeds.length).toBeGreaterThan(0)
    await untilWhole()
    expect(await instance.answeringPid()).toBe(pid)
    await replaceUnsupervised(instance)
    expect(await ensureTrees({ home: world.home })).toEqual([])
  })

  it('when a program prints more than a pipe holds after its tree was lost, it is not held up', async () => {
    const instance = await startLonely(world, { name: 'chatty', printsBytes: 300_000 })
    const pid = await instance.answeringPid()
    kill((await treeOf('a')).pid)
    await untilWhole()
    kill(pid)
    const second = await instance.untilReplaced(pid)
    kill(await supervisorOf(instance))
    await untilWhole()
    kill(second)
    await instance.untilReplaced(second)
    expect(await instance.complaints()).toBe('')
  })

  it('when a program prints without end, its log is rotated and stays within its bound', async () => {
    await startLonely(world, { name: 'endless', printsBytes: 20_000_000 })
    const folder = paths().logOf({ cluster: 'lonely', name: 'endless' })
    const sizes = await waitFor(
      async () => {
        const names = (await readdir(folder)).filter((name) => name === 'current' || name.startsWith('@'))
        return names.length === 6 && Promise.all(names.map(async (name) => (await stat(join(folder, name))).size))
      },
      { what: 'the log to be rotated five times', deadlineMs: 20_000 },
    )
    // 2 MB each, and a line that is not cut.
    for (const size of sizes) expect(size).toBeLessThan(2_010_000)
  })

  it.each([
    ['is wiped', async () => await rm(paths().run, { recursive: true })],
    ['is moved away', async () => await rename(paths().run, join(world.home, 'run.moved'))],
  ])('when the run folder %s, programs live on, all is rebuilt around them, and never two run', async (_, wipe) => {
    const names = ['wiped-1', 'wiped-2', 'wiped-3']
    const instances: LonelyInstance[] = []
    for (const [index, name] of names.entries()) {
      instances.push(await startLonely(world, { name: `${name}${_.length}`, place: PLACES[index]! }))
    }
    const pids = await Promise.all(instances.map((instance) => instance.answeringPid()))
    await wipe()
    expect(await instances[0]!.observe()).toMatchObject({
      state: 'unsupervised',
      pid: pids[0],
      component: 'lonely',
      runningDigest: instanceDigest(instances[0]!.spec),
    })
    expect((await instances[0]!.observe())?.writtenDigest).toBeUndefined()

    await ensureTrees({ home: world.home })
    for (const { spec } of instances) await world.substrate.instances.ensure(spec)
    await untilWhole()
    for (const instance of instances) {
      expect(await instance.untilState('unsupervised')).toMatchObject({ writtenDigest: instanceDigest(instance.spec) })
    }
    expect(await Promise.all(instances.map((instance) => instance.answeringPid()))).toEqual(pids)
    for (const instance of instances) await replaceUnsupervised(instance)
    expect(await ensureTrees({ home: world.home })).toEqual([])
  })

  it('when an unsupervised program is stopped, it is gone and stays down', async () => {
    const instance = await startLonely(world, { name: 'stopped' })
    kill(await supervisorOf(instance))
    await instance.untilState('unsupervised')
    await untilWhole()
    await waitFor(async () => (await world.substrate.instances.stop(instance.spec)) === 'gone', { what: 'its end' })
    await instance.untilState('stopped')
    await expect(instance.answeringPid()).rejects.toThrow(/ECONNREFUSED/)
    await waitFor(async () => (await world.substrate.instances.remove(instance.spec)) === 'gone', {
      what: 'its removal',
    })
    expect(await instance.observe()).toBeUndefined()
  })

  it('when a supervisor has just forked what it starts, that is no stray, although it still has the name of s6-supervise', async () => {
    const named = join(world.home, 's6-supervise')
    await symlink('/bin/bash', named)
    const parent = spawn(named, ['-c', 'exec 3<&0; (read -r <&3) & wait'], {
      env: { EVENKEEL_HOME: world.home },
      stdio: ['pipe', 'ignore', 'inherit'],
    })
    try {
      const child = await waitFor(
        async () => findProcesses(new Set(['s6-supervise'])).find(({ parentPid }) => parentPid === parent.pid),
        { what: 'the fork' },
      )
      const strays = (await observeTreeProcesses(paths())).strays.map(({ pid }) => pid)
      expect(strays).toContain(parent.pid)
      expect(strays).not.toContain(child.pid)
    } finally {
      parent.stdin.end()
      await once(parent, 'exit')
      await rm(named)
    }
  })

  it('when ensureTrees runs many times at once, there is one of each', async () => {
    for (const place of PLACES) kill((await treeOf(place)).pid)
    await Promise.all(Array.from({ length: 5 }, () => ensureTrees({ home: world.home })))
    await untilWhole()
  })

  it('when the trees are stopped, nothing is left, and the next trees start the same programs', async () => {
    const instance = await startLonely(world, { name: 'down', place: 'region' })
    const pid = await instance.answeringPid()
    await stopTrees({ home: world.home, graceSeconds: () => 3 })
    expect(await endAllOf(world.home)).toEqual([])
    expect(readEnvironment(pid)).toEqual(new Map())
    await stopTrees({ home: world.home })
    await ensureTrees({ home: world.home })
    await instance.untilReplaced(pid)
    await instance.untilState('running')
    expect(await instance.complaints()).toBe('')
  })
})
