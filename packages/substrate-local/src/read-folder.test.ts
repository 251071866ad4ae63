import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeFileAtomic } from '@evenkeel/kernel'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FolderReader } from './read-folder.ts'

let folder: string
let nowMs: number
let reader: FolderReader
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evenkeel-read-'))
  nowMs = Date.now()
  reader = new FolderReader(() => nowMs)
})
afterEach(async () => await rm(folder, { recursive: true, force: true }))

const path = (name: string) => join(folder, name)
const read = async () => Object.fromEntries(await reader.read(folder))
/** As if its last change had been long ago. */
const grow = () => utimes(folder, 1_000_000, 1_000_000)

describe('FolderReader', () => {
  it('when a folder has not changed, it is not read again, for a minute', async () => {
    await writeFileAtomic(path('a'), 'one')
    await grow()
    expect(await read()).toEqual({ a: 'one' })
    // In place, which nobody of us does: that it is not seen shows that nothing is read.
    await writeFile(path('a'), 'two')
    expect(await read()).toEqual({ a: 'one' })
    nowMs += 60_000
    expect(await read()).toEqual({ a: 'two' })
  })

  it('when a file is replaced, made or removed, it is seen at once', async () => {
    await writeFileAtomic(path('a'), 'one')
    await grow()
    await read()
    await writeFileAtomic(path('a'), 'two')
    expect(await read()).toEqual({ a: 'two' })
    await writeFileAtomic(path('b'), 'three')
    expect(await read()).toEqual({ a: 'two', b: 'three' })
    await rm(path('a'))
    expect(await read()).toEqual({ b: 'three' })
  })

  it('when it has changed a moment before it was read, the next change at the same tick of the clock is seen', async () => {
    await writeFileAtomic(path('a'), 'one')
    const tick = new Date(nowMs - 10)
    await utimes(folder, tick, tick)
    expect(await read()).toEqual({ a: 'one' })
    await writeFileAtomic(path('a'), 'two')
    await utimes(folder, tick, tick)
    expect(await read()).toEqual({ a: 'two' })
  })

  it('when it has a folder below it, what changes there is seen', async () => {
    await mkdir(path('pki'))
    await writeFileAtomic(path('pki/ca.key'), 'one')
    await grow()
    expect(await read()).toEqual({ 'pki/ca.key': 'one' })
    await writeFileAtomic(path('pki/ca.key'), 'two')
    expect(await read()).toEqual({ 'pki/ca.key': 'two' })
  })

  it('when the folder is gone, or the clock is set back, nothing old is shown', async () => {
    await writeFileAtomic(path('a'), 'one')
    await grow()
    await read()
    await writeFile(path('a'), 'two')
    nowMs -= 3_600_000
    expect(await read()).toEqual({ a: 'two' })
    await rm(folder, { recursive: true })
    expect(await read()).toEqual({})
  })
})
