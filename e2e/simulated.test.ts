import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dockerArchive } from '@evenkeel/distribution/testing'
import { afterAll, describe, expect, test } from 'vitest'
import { Installation } from './installation.ts'

interface ClusterList {
  readonly items: readonly {
    readonly metadata: { readonly resourceVersion: string }
    readonly status: { readonly phase: string; readonly network: string }
  }[]
}

interface Status {
  readonly simulated: boolean
  readonly keepers: readonly { readonly place: string; readonly pid: number; readonly acts: boolean }[]
}

describe('when hosted clusters are simulated', () => {
  const evenkeel = new Installation()
  afterAll(() => evenkeel.destroy(), 180_000)

  const status = async () => JSON.parse((await evenkeel.tryEvenkeel(['status', '-o', 'json'])).stdout) as Status
  const clusters = async () =>
    JSON.parse(await evenkeel.evenkeel(['kubectl', '--home', 'get', 'clusters', '-o', 'json'])) as ClusterList

  test('when one is made, it is ACTIVE, and everything says that it is simulated', async () => {
    const output = await evenkeel.evenkeel(['up', '--simulated', '--no-demo'], { deadlineMs: 300_000 })
    expect(output).toContain('SIMULATED')
    await evenkeel.evenkeel(['cluster', 'create', 'web'], { deadlineMs: 120_000 })
    expect(await evenkeel.evenkeel(['cluster', 'describe', 'web'])).toMatch(
      /ACTIVE[^]*simulated\.invalid[^]*nothing serves/,
    )
    expect((await clusters()).items.map((cluster) => cluster.status)).toMatchObject([
      { phase: 'ACTIVE', network: 'simulated' },
    ])
    const kubectl = await evenkeel.tryEvenkeel(['kubectl', 'web', 'get', 'namespaces'])
    expect(kubectl.stderr).toContain('cluster web is simulated')
    expect(kubectl.code).toBe(1)
  })

  test('when it is given nodes, they are shown, and it is not deleted before them', async () => {
    await evenkeel.evenkeel(['nodegroup', 'create', 'web', 'small', '--nodes', '3'], { deadlineMs: 60_000 })
    expect(await evenkeel.evenkeel(['status'])).toMatch(/node group small {2}ACTIVE {2}3\/3 Ready {2}1\.37\./)
    const nodes = await evenkeel.evenkeel(['cluster', 'describe', 'web'])
    expect(nodes.match(/^ {2}ng-\S+ +zone [abc] +t3\.medium +1\.37\.\S+ +Ready +for /gm)).toHaveLength(3)
    const refused = await evenkeel.tryEvenkeel(['cluster', 'delete', 'web'])
    expect(refused.stderr).toMatch(/ResourceInUseException: Cluster has nodegroups attached: .*\(small\)/)
    // The home does not know the kinds of its policies at once.
    const direct = [
      'kubectl',
      '--home',
      'delete',
      'ekc',
      '--all',
      '--all-namespaces',
      '--wait=false',
      '--dry-run=server',
    ]
    await expect
      .poll(async () => (await evenkeel.tryEvenkeel(direct)).stderr, { timeout: 60_000, interval: 500 })
      .toContain('cluster web has node groups: delete small first')
    await evenkeel.evenkeel(['nodegroup', 'delete', 'web', 'small'], { deadlineMs: 60_000 })
    expect(await evenkeel.evenkeel(['nodegroup', 'list', 'web'])).toContain('no node groups')
  })

  test('when an image is loaded, it is listed and can be removed; what is none is refused with what to do', async () => {
    const file = join(evenkeel.scratch, 'web.tar')
    writeFileSync(file, await dockerArchive(['web:1']))
    expect(await evenkeel.evenkeel(['image', 'load', file])).toContain('loaded docker.io/library/web:1')
    const refused = await evenkeel.tryEvenkeel(['image', 'load', '-'], { stdin: 'FROM scratch\n'.repeat(100) })
    expect(refused.stderr).toMatch(/what standard input gives is no tar\. .*docker save NAME:TAG/)
    expect(refused.code).toBe(1)
    expect(await evenkeel.evenkeel(['image', 'list'])).toMatch(/^IMAGE .*\ndocker\.io\/library\/web:1 .*\n$/)
    await evenkeel.evenkeel(['image', 'remove', 'web:1'])
    expect(await evenkeel.evenkeel(['image', 'list'])).toContain('there are no images')
  })

  test('when the acting keeper is killed, the next one finds the cluster settled and writes nothing', async () => {
    const before = await clusters()
    const acting = (await status()).keepers.find((keeper) => keeper.acts)
    process.kill(acting?.pid ?? Number.NaN, 'SIGKILL')
    await expect
      .poll(async () => (await status()).keepers.some(({ acts, pid }) => acts && pid !== acting?.pid), {
        timeout: 30_000,
      })
      .toBe(true)
    // A second create goes through every loop of the new keeper; what it had to say of the first one it has said by then.
    await evenkeel.evenkeel(['cluster', 'create', 'other'], { deadlineMs: 120_000 })
    expect((await clusters()).items).toContainEqual(before.items[0])
  })

  test('when it comes up again, it is simulated without being told, and is well', async () => {
    await evenkeel.evenkeel(['up'], { deadlineMs: 120_000 })
    expect(await evenkeel.evenkeel(['status'])).toContain('SIMULATED')
    await evenkeel.evenkeel(['cluster', 'delete', 'web'], { deadlineMs: 120_000 })
    expect((await clusters()).items).toHaveLength(1)
  })
})
