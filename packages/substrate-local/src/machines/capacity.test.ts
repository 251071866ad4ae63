import { describe, expect, it } from 'vitest'
import { type HostCapacity, requireCapacity } from './capacity.ts'

const GIB = 2 ** 30
const HOST: HostCapacity = { cpus: 4, memoryMib: 8192, freeDiskBytes: 50 * GIB, floorBytes: GIB }
const SMALL = { cpus: 2, memoryMib: 2048, diskGib: 20 }
const other = { memoryMib: 2048, unwrittenDiskBytes: 19 * GIB }
const check = (wanted: typeof SMALL, others = [other]) =>
  requireCapacity({ cluster: 'web', name: 'n1' }, wanted, { host: HOST, others })

describe('requireCapacity', () => {
  it.each([
    ['as many processors as the host has', { ...SMALL, cpus: 4 }],
    ['all memory that is left', { ...SMALL, memoryMib: 6144 }],
    ['all disk that is left', { ...SMALL, diskGib: 30 }],
  ])('when a machine takes %s, there is room', (_what, wanted) => {
    check(wanted)
  })

  it.each([
    ['more processors than the host has', { ...SMALL, cpus: 5 }, 'it takes 5 processors, and this host has 4'],
    ['more memory than is left', { ...SMALL, memoryMib: 6145 }, 'takes 6145 MiB of memory, and 6144 of the 8192 MiB'],
    ['more disk than is left', { ...SMALL, diskGib: 31 }, '31 GiB, and 30 GiB are left: 50 are free, 1 of them are'],
  ])('when a machine takes %s, it is refused with what there is', (_what, wanted, message) => {
    expect(() => check(wanted)).toThrow(message)
    expect(() => check(wanted)).toThrow(expect.objectContaining({ code: 'NoCapacity' }))
  })

  it('when others have written to their disks, the room that they took is not counted twice', () => {
    const written = { ...other, unwrittenDiskBytes: 0 }
    check({ ...SMALL, diskGib: 49 }, [written])
  })
})
