import { describe, expect, it } from 'vitest'
import { KeeperWorld } from '../testing/keeper-world.ts'
import type { ControlPlaneReconciler } from './index.ts'

const ID = 'web'

async function activeWorld(): Promise<KeeperWorld> {
  const world = new KeeperWorld()
  await world.accept(ID)
  await world.run(world.newKeeper(), ID)
  expect(world.reports.at(-1)?.status.phase).toBe('ACTIVE')
  return world
}

/** The last line of every story. */
async function expectSettled(world: KeeperWorld, id = ID): Promise<void> {
  const result = await world.newKeeper().turn(id)
  expect(result.plan?.steps).toEqual([])
  expect(result.outcome).toBe('settled')
}

function readyNames(world: KeeperWorld, component: string): string[] {
  const names = ['a', 'b', 'c'].map((zone) => `${component}-${zone}`)
  return names.filter((name) => world.substrate.instances.isReady(ID, name))
}

describe('create', () => {
  it('when a cluster is accepted, it starts all programs, controllers behind their API server, and becomes ACTIVE', async () => {
    const world = new KeeperWorld()
    await world.accept(ID)
    const startMs = world.clock.now()
    await world.run(world.newKeeper(), ID)
    const lines = world.journal
    expect(lines).toMatchInlineSnapshot(`
      [
        "record web/intent.json",
        "record web/release.json",
        "claim network web",
        "record web/keys.json",
        "record web/probe-key.json",
        "record web/leaves.json",
        "make volume web/etcd-a",
        "make volume web/etcd-b",
        "make volume web/etcd-c",
        "start web/etcd-a",
        "start web/etcd-b",
        "start web/etcd-c",
        "start web/etcd-hop-a",
        "start web/kube-apiserver-a",
        "start web/etcd-hop-b",
        "start web/kube-apiserver-b",
        "start web/kube-controller-manager-a",
        "start web/kube-scheduler-a",
        "start web/kube-controller-manager-b",
        "start web/kube-scheduler-b",
        "record web/outcome.json",
      ]
    `)
    const phases = world.reports.map((report) => report.status.phase)
    expect(phases.at(-1)).toBe('ACTIVE')
    // A simulated program needs 400 ms + 2000 ms, and controllers come second: the keeper adds less than half a second.
    const active = world.reports.find((report) => report.status.phase === 'ACTIVE')
    expect((active?.snapshot.nowMs ?? 0) - startMs).toBeLessThan(2 * 2400 + 500)
    await expectSettled(world)
  })

  it('when programs have to be brought here first, it asks for them once and waits', async () => {
    const world = new KeeperWorld()
    world.programs = 'absent'
    await world.accept(ID)
    await world.run(world.newKeeper(), ID, { untilMs: 30_000 })
    expect(world.journal.filter((line) => line.startsWith('start'))).toEqual([])
    expect(world.programs).toBe('arriving')
    world.programs = 'present'
    await world.run(world.newKeeper(), ID)
    expect(world.reports.at(-1)?.status.phase).toBe('ACTIVE')
    await expectSettled(world)
  })

  it('when the disk is full, it fails with an issue that names the disk, keeps that verdict, and can be deleted', async () => {
    const world = new KeeperWorld()
    world.substrate.refuse('volumes.ensure', 'NoSpace')
    await world.accept(ID)
    await world.run(world.newKeeper(), ID)
    const { status } = world.reports.at(-1) ?? {}
    expect(status?.phase).toBe('FAILED')
    expect(status?.health?.issues).toEqual([
      { code: 'ResourceLimitExceeded', message: expect.stringContaining('volumes.ensure'), resourceIds: [ID] },
    ])
    world.substrate.refuse('volumes.ensure', undefined)
    await expectSettled(world)
    await world.accept(ID, { deleting: true })
    await world.run(world.newKeeper(), ID)
    expect(await world.substrate.remains(ID)).toEqual([])
  })

  it('when it is not ready after 15 minutes, it fails for good, stops its programs and deletes nothing', async () => {
    const world = new KeeperWorld()
    world.substrate.instances.afflict(ID, 'etcd-b', { kind: 'silent' })
    world.substrate.instances.afflict(ID, 'etcd-c', { kind: 'silent' })
    await world.accept(ID)
    await world.run(world.newKeeper(), ID, { untilMs: 20 * 60_000 })
    const { status } = world.reports.at(-1) ?? {}
    expect(status?.phase).toBe('FAILED')
    expect(status?.health?.issues[0]?.message).toContain('etcd-b, etcd-c')
    world.substrate.instances.mend(ID, 'etcd-b')
    const instances = await world.substrate.instances.observe(ID)
    expect(new Set(instances.map((instance) => instance.state))).toEqual(new Set(['stopped']))
    expect(await world.substrate.remains(ID)).toContain('volume etcd-a')
    await expectSettled(world)
  })

  it('when everything is down for hours in the middle of a create, the next keeper finishes it', async () => {
    const world = new KeeperWorld()
    world.substrate.instances.afflict(ID, 'etcd-b', { kind: 'silent' })
    await world.accept(ID)
    await world.run(world.newKeeper(), ID, { untilMs: 10 * 60_000 })
    await world.clock.advance(8 * 3_600_000)
    const successor = world.newKeeper()
    await world.run(successor, ID, { untilMs: 60_000 })
    expect(world.reports.at(-1)?.status.phase).toBe('CREATING')
    world.substrate.instances.mend(ID, 'etcd-b')
    await world.run(successor, ID)
    expect(world.reports.at(-1)?.status.phase).toBe('ACTIVE')
    await expectSettled(world)
  })

  it('when tokens are not verified, it is not ACTIVE', async () => {
    const world = new KeeperWorld()
    world.prober.tokensWork = false
    await world.accept(ID)
    await world.run(world.newKeeper(), ID, { untilMs: 60_000 })
    expect(world.reports.at(-1)?.status.phase).toBe('CREATING')
    world.prober.tokensWork = true
    await world.run(world.newKeeper(), ID)
    expect(world.reports.at(-1)?.status.phase).toBe('ACTIVE')
  })

  it('when a minor is not offered, it fails at once with UnsupportedVersion', async () => {
    const world = new KeeperWorld()
    const spec = { eksName: ID, version: '1.12' }
    await world.accept(ID, { spec })
    await world.run(world.newKeeper(), ID)
    expect(world.reports.at(-1)?.status.health?.issues[0]?.code).toBe('UnsupportedVersion')
    await expectSettled(world)
  })
})

describe('the home', () => {
  it('when the home is asked for, it gets one member of each, kubeconfigs and the rights of the service', async () => {
    const world = new KeeperWorld()
    await world.acceptHome()
    await world.run(world.newKeeper(), 'home')
    expect(world.reports.at(-1)?.status.phase).toBe('ACTIVE')
    expect(world.journal.filter((line) => line.startsWith('start'))).toEqual([
      'start home/etcd-a',
      'start home/kube-apiserver-a',
    ])
    expect(world.homeFiles.has('service.kubeconfig')).toBe(true)
    expect(world.grants).toBe(1)
  })

  it('when a keeper takes over, it grants the rights of the service once more, and then settles', async () => {
    const world = new KeeperWorld()
    await world.acceptHome()
    await world.run(world.newKeeper(), 'home')
    const successor = world.newKeeper()
    await world.run(successor, 'home')
    expect(world.grants).toBe(2)
    expect((await successor.turn('home')).outcome).toBe('settled')
  })
})

/** Of a whole zone: a hop ends while the API server that asks through it serves nobody. */
const REPLACED_IN_ZONE = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd-hop']

describe('repair', () => {
  it('when one program is killed, it waits for its supervisor and does nothing itself', async () => {
    const world = await activeWorld()
    world.journal.length = 0
    world.substrate.instances.kill(ID, 'kube-apiserver-a')
    await world.run(world.newKeeper(), ID)
    expect(world.journal).toEqual([])
    await expectSettled(world)
  })

  it('when a supervisor is lost, it replaces the programs of its zone one at a time', async () => {
    const world = await activeWorld()
    world.journal.length = 0
    world.substrate.instances.loseSupervisor(ID, 'b')
    await world.run(world.newKeeper(), ID, { eachTurn: () => expectQuorum(world) })
    expect(world.journal).toEqual(REPLACED_IN_ZONE.map((component) => `restart ${ID}/${component}-b`))
    await expectSettled(world)
  })

  it('when the run folder is wiped, it writes everything down again and replaces all programs, zone by zone', async () => {
    const world = await activeWorld()
    world.journal.length = 0
    world.substrate.instances.wipeRunFolder(ID)
    const expectIdleHops = idleHopsExpected(world)
    await world.run(world.newKeeper(), ID, {
      eachTurn: () => {
        expectQuorum(world)
        expectIdleHops()
      },
    })
    expect(world.journal).toEqual(
      [
        ...REPLACED_IN_ZONE.map((component) => `${component}-a`),
        ...REPLACED_IN_ZONE.map((component) => `${component}-b`),
        'etcd-c',
        'endpoint-1',
        'endpoint-2',
      ].map((name) => `restart ${ID}/${name}`),
    )
    await expectSettled(world)
  })

  it('when two etcd members are away, it restarts no other one', async () => {
    const world = await activeWorld()
    world.blueprint.revision = 2
    world.substrate.instances.afflict(ID, 'etcd-c', { kind: 'silent' })
    world.journal.length = 0
    await world.run(world.newKeeper(), ID, { untilMs: 120_000 })
    expect(world.journal).toEqual([`restart ${ID}/etcd-c`])
    world.substrate.instances.mend(ID, 'etcd-c')
    await world.run(world.newKeeper(), ID, { eachTurn: () => expectQuorum(world) })
    await expectSettled(world)
  })

  it('when the rendering changes, it brings it in one member at a time with etcd and one API server always ready', async () => {
    const world = await activeWorld()
    world.blueprint.revision = 2
    await world.run(world.newKeeper(), ID, { eachTurn: () => expectQuorum(world) })
    await expectSettled(world)
    const { snapshot } = world.reports.at(-1) ?? {}
    expect(snapshot?.observedInstances.every((one) => one.runningDigest === one.writtenDigest)).toBe(true)
  })

  it('when certificates are due, it issues new ones, and restarts only who does not reload them', async () => {
    const world = await activeWorld()
    world.journal.length = 0
    await world.clock.advance(340 * 86_400_000)
    await world.run(world.newKeeper(), ID, { eachTurn: () => expectQuorum(world) })
    expect(world.journal).toEqual([
      `record ${ID}/leaves.json`,
      `restart ${ID}/kube-apiserver-a`,
      `restart ${ID}/kube-apiserver-b`,
    ])
    await expectSettled(world)
  })

  it('when a volume is gone under a living cluster, it makes no empty one and says so', async () => {
    const world = await activeWorld()
    world.journal.length = 0
    world.substrate.volumes.forget(ID, 'etcd-a')
    const result = await world.newKeeper().turn(ID)
    expect(result.outcome).toBe('blocked')
    expect(world.journal).toEqual([])
    const { status } = world.reports.at(-1) ?? {}
    expect(status?.phase).toBe('ACTIVE')
    expect(status?.conditions.find(({ type }) => type === 'VolumesPresent')?.status).toBe('False')
  })

  it('when the disk falls below the floor, it says so until there is real room, and leaves all as it is', async () => {
    const world = await activeWorld()
    world.journal.length = 0
    const keeper = world.newKeeper()
    const room = async (headroomBytes: number) => {
      const { volumes } = world.substrate
      volumes.setFreeBytes(0)
      volumes.setFreeBytes(headroomBytes - (await volumes.headroomBytes()))
      await keeper.turn(ID)
      const { conditions = [] } = world.reports.at(-1)?.status ?? {}
      return conditions.find(({ type }) => type === 'VolumesHaveRoom')?.status
    }
    const mebibyte = 2 ** 20
    const seen = [await room(0), await room(-1), await room(mebibyte), await room(64 * mebibyte), await room(mebibyte)]
    expect(seen).toEqual(['True', 'False', 'False', 'True', 'True'])
    expect(world.journal).toEqual([])
  })

  it('when everything was stopped, it starts everything again', async () => {
    const world = await activeWorld()
    for (const { name } of await world.substrate.instances.observe(ID)) {
      await world.substrate.instances.remove({ cluster: ID, name })
    }
    await world.clock.advance(1000)
    expect(await world.substrate.instances.observe(ID)).toEqual([])
    await world.run(world.newKeeper(), ID)
    await expectSettled(world)
    expect(world.reports.at(-1)?.status.phase).toBe('ACTIVE')
  })
})

describe('delete', () => {
  it('when an active cluster is deleted, it removes what runs first and the records last, and frees the object', async () => {
    const world = await activeWorld()
    await world.accept(ID, { deleting: true })
    world.journal.length = 0
    const result = await world.run(world.newKeeper(), ID)
    expect(result.outcome).toBe('gone')
    expect(await world.substrate.remains(ID)).toEqual([])
    expect(world.journal.slice(-3)).toEqual([`remove volumes ${ID}`, `release network ${ID}`, `remove records ${ID}`])
    expect(world.released).toEqual([`account-000000000001/${ID}`])
  })

  it('when the authenticators still know the cluster, it keeps the records until they have forgotten it', async () => {
    const world = await activeWorld()
    world.admitted.add(ID)
    await world.accept(ID, { deleting: true })
    await world.run(world.newKeeper(), ID, { untilMs: 30_000 })
    expect(await world.substrate.remains(ID)).toContain('record intent.json')
    expect(world.released).toEqual([])
    world.admitted.clear()
    await world.run(world.newKeeper(), ID)
    expect(await world.substrate.remains(ID)).toEqual([])
  })

  it('when a cluster is deleted while it is being created, it is removed all the same', async () => {
    const world = new KeeperWorld()
    await world.accept(ID)
    await world.run(world.newKeeper(), ID, { untilMs: 500 })
    await world.accept(ID, { deleting: true })
    await world.run(world.newKeeper(), ID)
    expect(await world.substrate.remains(ID)).toEqual([])
  })
})

describe('a keeper that is killed after any single step', () => {
  it('when it creates, another one finishes', async () => {
    for (let step = 1; ; step += 1) {
      const world = new KeeperWorld()
      await world.accept(ID)
      const killed = await runAndKill(world, step)
      await world.run(world.newKeeper(), ID)
      expect(world.reports.at(-1)?.status.phase).toBe('ACTIVE')
      expect(readyNames(world, 'etcd')).toHaveLength(3)
      await expectSettled(world)
      if (!killed) {
        expect(step).toBeGreaterThan(20)
        return
      }
    }
  })

  it('when it deletes, another one finishes', async () => {
    for (let step = 1; ; step += 1) {
      const world = await activeWorld()
      await world.accept(ID, { deleting: true })
      const killed = await runAndKill(world, step)
      await world.run(world.newKeeper(), ID)
      expect(await world.substrate.remains(ID)).toEqual([])
      if (!killed) {
        expect(step).toBeGreaterThan(15)
        return
      }
    }
  })

  it('when it deletes what is still being created, another one finishes', async () => {
    for (let step = 1; ; step += 1) {
      const world = new KeeperWorld()
      await world.accept(ID)
      // So far, and no further: after each number of steps of the create.
      const begun = await runAndKill(world, step)
      await world.accept(ID, { deleting: true })
      await runAndKill(world, 3)
      await world.run(world.newKeeper(), ID)
      expect(await world.substrate.remains(ID)).toEqual([])
      if (!begun) return
    }
  })

  it('when it repairs a wiped run folder, another one finishes, and two etcd members are ready all the time', async () => {
    for (let step = 1; ; step += 1) {
      const world = await activeWorld()
      world.substrate.instances.wipeRunFolder(ID)
      const killed = await runAndKill(world, step)
      await world.run(world.newKeeper(), ID, { eachTurn: () => expectQuorum(world) })
      await expectSettled(world)
      if (!killed) {
        expect(step).toBeGreaterThan(20)
        return
      }
    }
  })

  it('when it replaces, another one finishes, and two etcd members are ready all the time', async () => {
    for (let step = 1; ; step += 1) {
      const world = await activeWorld()
      world.blueprint.revision = 2
      const killed = await runAndKill(world, step)
      await world.run(world.newKeeper(), ID, { eachTurn: () => expectQuorum(world) })
      await expectSettled(world)
      if (!killed) {
        return
      }
    }
  })
})

/** Lets a keeper do `steps` steps, one after the other, and kills it. False when it had less to do than that. */
async function runAndKill(world: KeeperWorld, steps: number): Promise<boolean> {
  const killed = new AbortController()
  let left = steps
  const mortal = (reconciler: ControlPlaneReconciler): ControlPlaneReconciler => {
    const { group: _group, ...alone } = reconciler
    return {
      ...alone,
      apply: async (step, turn) => {
        const outcome = await reconciler.apply(step, turn)
        left -= 1
        if (left === 0) {
          killed.abort()
        }
        return outcome
      },
    }
  }
  const keeper = world.newKeeper(mortal)
  const loop: typeof keeper = Object.assign(Object.create(keeper), {
    turn: (id: string) => keeper.turn(id, killed.signal),
  })
  await world.run(loop, ID)
  return killed.signal.aborted
}

function expectQuorum(world: KeeperWorld): void {
  expect(readyNames(world, 'etcd').length).toBeGreaterThanOrEqual(2)
  expect(readyNames(world, 'kube-apiserver').length).toBeGreaterThanOrEqual(1)
}

/** For each turn: no hop is told to end while the API server behind it serves. */
function idleHopsExpected(world: KeeperWorld): () => void {
  let seen = world.journal.length
  return () => {
    const hop = world.journal.slice(seen).find((line) => line.startsWith(`restart ${ID}/etcd-hop-`))
    seen = world.journal.length
    if (hop !== undefined) {
      expect(readyNames(world, 'kube-apiserver')).not.toContain(`kube-apiserver-${hop.at(-1)}`)
    }
  }
}
