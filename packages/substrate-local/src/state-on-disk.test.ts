import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createClusterRecords } from './cluster-records.ts'
import { localPaths } from './installation/index.ts'
import { createInstanceHost } from './instances/index.ts'
import { createVolumeStore } from './volume-store.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'evenkeel-state-'))
})
afterEach(async () => {
  await rm(root, { recursive: true, force: true })
})

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

describe('records on disk', () => {
  it('when a key is recorded, nobody else can read it', async () => {
    const paths = localPaths(root)
    await createClusterRecords(paths).writeOnce('c1', 'pki/ca.key', 'secret')
    expect(await modeOf(join(paths.records, 'c1/pki/ca.key'))).toBe('600')
    expect(await modeOf(join(paths.records, 'c1/pki'))).toBe('700')
    expect(await modeOf(join(paths.records, 'c1'))).toBe('700')
  })
})

describe('volumes on disk', () => {
  const open = () => createVolumeStore(localPaths(root), { floorBytes: 1 })

  it('when a volume is made, it is a folder of mode 700, and its data stays when it is ensured again', async () => {
    await open().ensure({ cluster: 'c1', name: 'etcd-a', zone: 'a' })
    const folder = localPaths(root).volumeOf('c1', 'etcd-a')
    expect(await modeOf(folder)).toBe('700')
    await writeFile(join(folder, 'data'), 'kept')
    await open().ensure({ cluster: 'c1', name: 'etcd-a', zone: 'a' })
    expect((await stat(join(folder, 'data'))).size).toBe(4)
  })

  it('when the folder of a volume was removed, it is attested lost and never made again empty', async () => {
    const spec = { cluster: 'c1', name: 'etcd-a', zone: 'a' }
    await open().ensure(spec)
    await rm(localPaths(root).volumeOf('c1', 'etcd-a'), { recursive: true })
    expect(await open().observe('c1')).toEqual([{ ...spec, state: 'lost' }])
    await expect(open().ensure(spec)).rejects.toMatchObject({ code: 'Lost' })
  })

  it('when there is less space than the floor, the fault has the numbers and the path', async () => {
    const store = createVolumeStore(localPaths(root), { floorBytes: 2 ** 30, freeBytes: async () => 5 * 2 ** 20 })
    await expect(store.ensure({ cluster: 'c1', name: 'etcd-a', zone: 'a' })).rejects.toThrow(
      new RegExp(`${root}.*5 MiB free, and 1024 MiB are kept`),
    )
  })
})

// Needs the right to mount.
describe.runIf(process.getuid?.() === 0)('a full disk', () => {
  let disk: string
  beforeEach(async () => {
    disk = join(root, 'disk')
    await mkdir(disk)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk])
    await writeFile(join(disk, 'ballast'), '')
  })
  afterEach(() => {
    execFileSync('umount', [disk])
  })

  const fill = async () => {
    // Until it does not take a byte more.
    try {
      await writeFile(join(disk, 'ballast'), Buffer.alloc(1 << 20))
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' })
    }
  }
  const big = 'x'.repeat(9000)

  it('when records cannot be written, it is NoSpace, old ones stay whole, and it heals', async () => {
    const records = createClusterRecords(localPaths(disk))
    await records.write('c1', 'intent.json', 'old')
    await fill()
    await expect(records.write('c1', 'intent.json', big)).rejects.toMatchObject({ code: 'NoSpace' })
    await expect(records.writeOnce('c1', 'pki/ca.key', big)).rejects.toMatchObject({ code: 'NoSpace' })
    expect(await records.readAll('c1')).toEqual(new Map([['intent.json', 'old']]))
    await rm(join(disk, 'ballast'))
    expect(await records.writeOnce('c1', 'pki/ca.key', big)).toBe(big)
  })

  it('when an instance cannot be written, it is NoSpace, and it can be removed', async () => {
    const host = createInstanceHost(localPaths(disk), async () => ({ file: '/bin/true', args: [] }))
    const spec = {
      cluster: 'c1',
      name: 'x',
      component: 'x',
      place: 'a',
      program: { name: 'true', version: 'v1.0.0' },
      args: [],
      env: {},
      files: [{ path: 'big', content: big, onChange: 'restart' as const }],
      volumes: [],
      stopGraceSeconds: 1,
    }
    await fill()
    await expect(host.ensure(spec)).rejects.toMatchObject({ code: 'NoSpace' })
    expect(await host.remove(spec)).toBe('gone')
    expect(await host.observe('c1')).toEqual([])
  })
})
