import { describe, expect, it } from 'vitest'
import type { MakeSubstrate } from './under-test.ts'
import { useWorld } from './world.ts'

export function describeClusterRecords(make: MakeSubstrate): void {
  describe('ClusterRecords', () => {
    const world = useWorld(make)
    const records = () => world().substrate.records

    it('when records are written, every keeper reads them back by name', async () => {
      await records().write('read', 'intent.json', '{"generation":1}')
      await records().write('read', 'pki/ca.key', 'secret')
      const other = (await world().reopen()).records
      expect(await other.readAll('read')).toEqual(
        new Map([
          ['intent.json', '{"generation":1}'],
          ['pki/ca.key', 'secret'],
        ]),
      )
      expect(await other.read('read', 'pki/ca.key')).toBe('secret')
      expect(await other.clusters()).toContain('read')
    })

    it('when a record is written again, the last content stands', async () => {
      await records().write('over', 'intent.json', 'one')
      await records().write('over', 'intent.json', 'two')
      expect(await records().read('over', 'intent.json')).toBe('two')
    })

    it('when nothing is there, it says so', async () => {
      expect(await records().read('nobody', 'intent.json')).toBeUndefined()
      expect(await records().readAll('nobody')).toEqual(new Map())
    })

    it('when many write once at the same moment, all get the content of the first', async () => {
      const other = (await world().reopen()).records
      const long = 'x'.repeat(100_000)
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? records() : other).writeOnce('once', 'pki/ca.key', `${index}${long}`),
        ),
      )
      const stored = await records().read('once', 'pki/ca.key')
      expect(new Set(answers)).toEqual(new Set([stored]))
      expect(await records().writeOnce('once', 'pki/ca.key', 'late')).toBe(stored)
      expect([...(await records().readAll('once')).keys()]).toEqual(['pki/ca.key'])
    })

    it('when a record is erased, the others stay, and again is fine', async () => {
      await records().write('erased', 'one.json', '1')
      await records().write('erased', 'other.json', '2')
      await records().readAll('erased')
      await records().erase('erased', 'one.json')
      await records().erase('erased', 'one.json')
      await records().erase('nobody', 'one.json')
      expect(await (await world().reopen()).records.readAll('erased')).toEqual(new Map([['other.json', '2']]))
      expect(await records().read('erased', 'one.json')).toBeUndefined()
      expect(await records().clusters()).not.toContain('nobody')
    })

    it('when a cluster is removed, its records are gone, and again is fine', async () => {
      await records().write('gone', 'pki/ca.key', 'secret')
      await records().write('kept', 'intent.json', 'mine')
      await records().remove('gone')
      await records().remove('gone')
      expect(await records().readAll('gone')).toEqual(new Map())
      expect(await records().clusters()).not.toContain('gone')
      expect(await records().read('kept', 'intent.json')).toBe('mine')
    })

    it.each(['../out', '/etc/passwd', 'a//b', '.hidden', ''])(
      'when a record would be named %j, it refuses',
      async (name) => {
        await expect(records().write('names', name, 'x')).rejects.toThrow(/name/)
      },
    )
  })
}
