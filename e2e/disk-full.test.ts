import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  CreateClusterCommand,
  DeleteClusterCommand,
  DescribeClusterCommand,
  EKSClient,
  ListClustersCommand,
  TagResourceCommand,
  waitUntilClusterDeleted,
} from '@aws-sdk/client-eks'
import { waitFor } from '@evenkeel/kernel/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Installation } from './installation.ts'
import { SmallDisk } from './small-disk.ts'

const MEBIBYTE = 2 ** 20
/** Intent follows its object; signing keys are derived anew each day. */
const CHANGING = /(^|\/)intent\.json$|^records\/evenkeel\//
const FLOOR_BYTES = 200 * MEBIBYTE
/** Bounds of behaviour, with room for a busy machine of two cores: etcd alone takes seconds between two tries. */
const FAILS_WITHIN_MS = 120_000
const HEALS_WITHIN_MS = 120_000

test('when a new installation would find its disk below the floor, up says so before any work', async () => {
  const evenkeel = new Installation()
  try {
    const done = await evenkeel.tryEvenkeel(['up'], { env: { EVENKEEL_FLOOR_BYTES: `${2 ** 50}` } })
    expect(done).toMatchObject({ code: 1, stdout: '' })
    expect(done.stderr).toMatch(/^evenkeel: the disk of .* free, and 1024 TiB are kept free: free some/)
    expect(readdirSync(evenkeel.home)).toEqual([])
  } finally {
    await evenkeel.destroy()
  }
})

describe('when disks are full', () => {
  const evenkeel = new Installation()
  const disks: SmallDisk[] = []
  let state: SmallDisk
  let volumes: SmallDisk
  let eks: EKSClient
  let arn: string

  const up = (env: Record<string, string> = {}) =>
    evenkeel.tryEvenkeel(['up', '--no-demo'], {
      deadlineMs: 300_000,
      env: { EVENKEEL_FLOOR_BYTES: `${FLOOR_BYTES}`, ...env },
    })

  beforeAll(async () => {
    state = SmallDisk.mount(evenkeel.home, { image: join(evenkeel.scratch, 'state.ext4'), megabytes: 200 })
    disks.push(state)
    mkdirSync(join(evenkeel.home, 'volumes'))
    volumes = SmallDisk.mount(join(evenkeel.home, 'volumes'), {
      image: join(evenkeel.scratch, 'volumes.ext4'),
      megabytes: 1100,
    })
    disks.push(volumes)
    const made = await up()
    if (made.code !== 0) throw new Error(`up ended with ${made.code}\n${made.stdout}\n${made.stderr}`)
    const { region, address, servicePort, credentials } = evenkeel.access()
    eks = new EKSClient({
      region,
      credentials,
      endpoint: `http://${address}:${servicePort}`,
      // What a client would try again is what is looked for here.
      maxAttempts: 1,
      requestHandler: { requestTimeout: 20_000, throwOnRequestTimeout: true },
    })
    await evenkeel.evenkeel(['cluster', 'create', 'one'], { deadlineMs: 240_000 })
    arn = (await describeCluster('one')).arn ?? ''
  }, 600_000)

  afterAll(async () => {
    eks?.destroy()
    for (const disk of disks) disk.empty()
    // What is left in the folders, and their disks, whatever went wrong.
    await evenkeel.tryEvenkeel(['destroy', '--yes'], { deadlineMs: 120_000 })
    for (const disk of disks.reverse()) disk.unmount()
    await evenkeel.destroy()
  }, 180_000)

  async function describeCluster(name: string) {
    const { cluster } = await eks.send(new DescribeClusterCommand({ name }))
    if (cluster === undefined) throw new Error(`describe ${name} has no cluster`)
    return cluster
  }

  const create = (name: string) =>
    eks.send(new CreateClusterCommand({ name, roleArn: 'arn:aws:iam::000000000000:role/any', resourcesVpcConfig: {} }))

  async function remove(name: string): Promise<void> {
    const id = (await describeCluster(name)).identity?.oidc?.issuer?.split('/').at(-1)
    await eks.send(new DeleteClusterCommand({ name }))
    await waitUntilClusterDeleted({ client: eks, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { name })
    const traces = readdirSync(evenkeel.home, { recursive: true }).map(String)
    expect(traces.filter((path) => id !== undefined && path.includes(id))).toEqual([])
  }

  /** A write of the cluster's own API, through its endpoint. */
  const createNamespace = (name: string) =>
    evenkeel.evenkeel(['kubectl', 'one', 'create', 'namespace', name, '--request-timeout=10s'])

  test('when the disk of the volumes is below the floor, a create fails and names it, and all else goes on', async () => {
    volumes.fill(FLOOR_BYTES - 20 * MEBIBYTE)
    await create('poor')
    const failed = await waitFor(
      async () => (await describeCluster('poor')).status === 'FAILED' && describeCluster('poor'),
      {
        what: 'the create to fail',
        deadlineMs: 30_000,
      },
    )
    expect(failed.health?.issues).toEqual([
      {
        code: 'ResourceLimitExceeded',
        message: expect.stringContaining(`no volume is made in ${evenkeel.home}/volumes`),
        resourceIds: [expect.any(String)],
      },
    ])
    const issues = async () => (await describeCluster('one')).health?.issues ?? []
    await waitFor(async () => (await issues()).some(({ code }) => code === 'ResourceLimitExceeded'), {
      what: 'the cluster that runs to say that its disk is below the floor',
      deadlineMs: 20_000,
    })
    const screen = await evenkeel.tryEvenkeel(['status'])
    expect(screen).toMatchObject({ code: 3, stdout: expect.stringContaining('VolumesHaveRoom: the disk') })
    await createNamespace('below-the-floor')
    await eks.send(new TagResourceCommand({ resourceArn: arn, tags: { below: 'the-floor' } }))
    await remove('poor')
    volumes.empty()
  })

  test('when the whole state folder is full, writes get ServiceUnavailable with the reason, reads go on, and when space returns all heals with nothing lost', async () => {
    const before = keptFiles()
    const programs = countPrograms()
    const tags: Record<string, string> = {}
    const namespaces: string[] = []
    /** What no client should have seen. */
    const wrong: string[] = []
    /** Answers how a write was refused; those that were acknowledged are remembered. */
    const write = async (name: string): Promise<string | undefined> => {
      try {
        await eks.send(new TagResourceCommand({ resourceArn: arn, tags: { n: name, [name]: name } }))
        Object.assign(tags, { n: name, [name]: name })
        return undefined
      } catch (error) {
        const { name: fault, message } = error as Error
        if (fault !== 'ServiceUnavailableException') wrong.push(`TagResource: ${fault}: ${message}`)
        return message
      }
    }
    const read = async () => {
      try {
        const [{ clusters = [] }, one] = [await eks.send(new ListClustersCommand({})), await describeCluster('one')]
        if (!clusters.includes('one') || one.status !== 'ACTIVE') wrong.push(`one is ${one.status} of ${clusters}`)
      } catch (error) {
        wrong.push(`a read: ${String(error)}`)
      }
    }

    // In the middle of a create.
    await create('two')
    for (const disk of disks) disk.keepFull()
    let round = 0
    const refusal = await waitFor(
      async () => {
        round += 1
        // The home's database has room in its files: it has to grow before the disk matters.
        await growHome(evenkeel, `big-${round}`)
        const name = `cluster-${round}`
        const made = await evenkeel.tryEvenkeel(['kubectl', 'one', 'create', 'namespace', name, '--request-timeout=3s'])
        if (made.code === 0) namespaces.push(name)
        await read()
        return await write(`tag-${round % 40}`)
      },
      { what: 'a write to be refused', deadlineMs: FAILS_WITHIN_MS },
    )
    expect(refusal).toMatch(/The disk of .* has \d+ MiB free, and the home keeps its data there: free some/)
    await read()
    const screen = await evenkeel.tryEvenkeel(['status'])
    expect(screen).toMatchObject({ code: 3, stdout: expect.stringContaining('  ! disk: ') })
    const changed = await up({ EVENKEEL_LOG_LEVEL: 'debug' })
    expect(changed.code).toBe(1)
    expect(changed.stderr).toMatch(/^evenkeel: .*no space left on .*free/m)
    expect(changed.stderr).not.toMatch(/\n\s+at /)

    for (const disk of disks) disk.empty()
    await waitFor(async () => (await write('healed')) === undefined, { what: 'writes', deadlineMs: HEALS_WITHIN_MS })
    await waitFor(async () => (await evenkeel.tryEvenkeel(['status'])).stdout.includes('one      ACTIVE'), {
      what: 'status to answer',
    })
    const second = await waitFor(
      async () => {
        const two = await describeCluster('two')
        return two.status !== 'CREATING' && two
      },
      { what: 'the create to end', deadlineMs: HEALS_WITHIN_MS },
    )
    if (second.status === 'FAILED') expect(second.health?.issues?.[0]?.code).toBe('ResourceLimitExceeded')
    else expect(second.status).toBe('ACTIVE')
    await remove('two')
    await waitFor(async () => (await evenkeel.tryEvenkeel(['status'])).code === 0, {
      what: 'everything to be well',
      deadlineMs: HEALS_WITHIN_MS,
      intervalMs: 500,
    })

    expect(wrong).toEqual([])
    await createNamespace('after')
    const there = await evenkeel.evenkeel(['kubectl', 'one', 'get', 'namespaces', '-o', 'name'])
    for (const name of [...namespaces, 'after', 'below-the-floor']) expect(there).toContain(`namespace/${name}\n`)
    expect((await describeCluster('one')).tags).toMatchObject(tags)
    expect(keptFiles()).toEqual(before)
    // Loggers write on, too.
    const told = (await evenkeel.evenkeel(['logs', 'evenkeel', 'keeper'])).split('\n')
    expect(told.some((line) => line.includes('"cluster":"two"') && line.includes('RemoveRecords'))).toBe(true)
    expect(countPrograms()).toEqual(programs)
  })

  test('when up has found a full disk, the next one goes on', async () => {
    expect(await up()).toMatchObject({ code: 0, stdout: expect.stringContaining('ACTIVE') })
    await createNamespace('after-up')
  })

  /** What was decided once and may never change, or be half there. What is whole but may change is read all the same. */
  function keptFiles(): Record<string, string> {
    const folders = ['access', ...readdirSync(join(evenkeel.home, 'records')).map((id) => `records/${id}`)]
    const files = folders.flatMap((folder) =>
      readdirSync(join(evenkeel.home, folder)).map((name) => join(folder, name)),
    )
    const all = ['installation.json', 'aws/config', 'aws/credentials', ...files.sort()].map((path) => {
      const content = readFileSync(join(evenkeel.home, path), 'utf8')
      if (path.endsWith('.json')) JSON.parse(content)
      return [path, content] as const
    })
    return Object.fromEntries(all.filter(([path]) => !CHANGING.test(path)))
  }

  function countPrograms(): Record<string, number> {
    const names = evenkeel.processes().map(({ command }) => /^\S*\/([\w-]+) /.exec(command)?.[1] ?? '')
    const counted = names.filter((name) => /^(etcd|kube-.*|haproxy|node|s6-svscan)$/.test(name))
    return Object.fromEntries(
      [...new Set(counted)].sort().map((name) => [name, counted.filter((one) => one === name).length]),
    )
  }
})

async function growHome(evenkeel: Installation, name: string): Promise<void> {
  const content = 'x'.repeat(700_000)
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data: { content } }
  const args = ['kubectl', '--home', 'create', '-f', '-', '--request-timeout=5s']
  // Refused at some time: that is what this is for.
  await evenkeel.tryEvenkeel(args, { stdin: JSON.stringify(object) })
}
