import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ensureFolder, hasErrorCode, namesIn, readFileIfThere, statIfThere, writeFileAtomic } from './files.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'files-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8)
}

describe('writeFileAtomic', () => {
  test.each([
    [{}, '600'],
    [{ durable: true }, '600'],
    [{ mode: 0o755 }, '755'],
    [{ mode: 0o644, durable: true }, '644'],
  ])(
    'when written with %o, the file has mode %s whatever the umask, and nothing else is left',
    async (options, mode) => {
      const path = join(folder, 'key.pem')
      const umask = process.umask(0o077)
      try {
        await writeFileAtomic(path, 'old')
        await writeFileAtomic(path, 'new', options)
      } finally {
        process.umask(umask)
      }
      expect(await readFileIfThere(path)).toBe('new')
      expect(await modeOf(path)).toBe(mode)
      expect(await readdir(folder)).toEqual(['key.pem'])
    },
  )

  test('when many write at once, one of them has written it as a whole', async () => {
    const path = join(folder, 'file')
    const contents = Array.from({ length: 20 }, (_, index) => String(index).repeat(50_000))
    await Promise.all(contents.map((content) => writeFileAtomic(path, content)))
    expect(contents).toContain(await readFileIfThere(path))
    expect(await readdir(folder)).toEqual(['file'])
  })

  test('when it cannot be put in place, the error is thrown and no draft stays behind', async () => {
    const path = join(folder, 'taken')
    await mkdir(join(path, 'by a folder'), { recursive: true })
    await expect(writeFileAtomic(path, 'x')).rejects.toSatisfy((error) => hasErrorCode(error, 'EISDIR', 'ENOTEMPTY'))
    expect(await readdir(folder)).toEqual(['taken'])
    await expect(writeFileAtomic(join(folder, 'nowhere', 'file'), 'x')).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('readFileIfThere', () => {
  test('when there is no file or no folder, it answers undefined, and throws for what is no file', async () => {
    await writeFileAtomic(join(folder, 'file'), 'grüße')
    expect(await readFileIfThere(join(folder, 'file'))).toBe('grüße')
    expect(await readFileIfThere(join(folder, 'other'))).toBeUndefined()
    expect(await readFileIfThere(join(folder, 'file', 'below'))).toBeUndefined()
    await expect(readFileIfThere(folder)).rejects.toMatchObject({ code: 'EISDIR' })
  })
})

describe('statIfThere and namesIn', () => {
  test('when there is nothing, they answer undefined and no names, and throw where it cannot be looked', async () => {
    await writeFileAtomic(join(folder, 'file'), 'x')
    expect((await statIfThere(join(folder, 'file')))?.size).toBe(1)
    expect(await namesIn(folder)).toEqual(['file'])
    expect(await statIfThere(join(folder, 'other'))).toBeUndefined()
    expect(await namesIn(join(folder, 'other'))).toEqual([])
    await expect(statIfThere(join(folder, 'file', 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' })
    await expect(namesIn(join(folder, 'file'))).rejects.toMatchObject({ code: 'ENOTDIR' })
  })
})

describe('ensureFolder', () => {
  test('when folders are missing, all are made with the mode, and one that exists keeps its own', async () => {
    await mkdir(join(folder, 'open'), { mode: 0o755 })
    await ensureFolder(join(folder, 'open'))
    await ensureFolder(join(folder, 'open', 'a', 'b'))
    expect(await modeOf(join(folder, 'open'))).toBe('755')
    expect(await modeOf(join(folder, 'open', 'a'))).toBe('700')
    expect(await modeOf(join(folder, 'open', 'a', 'b'))).toBe('700')
  })
})
