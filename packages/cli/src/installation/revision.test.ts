import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sourceRevision } from './revision.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'evenkeel-revision-'))
  for (const folder of ['packages/keeper/src/access', 'packages/cli/src', 'packages/distribution/releases']) {
    await mkdir(join(root, folder), { recursive: true })
  }
  await writeFile(join(root, 'package-lock.json'), '{}')
  await writeFile(join(root, 'packages/keeper/src/main.ts'), 'start()')
})
afterEach(async () => {
  await rm(root, { recursive: true, force: true })
})

test.each([
  ['packages/keeper/src/main.ts', true],
  ['packages/keeper/src/access/plan.ts', true],
  ['packages/distribution/releases/1.38.json', true],
  ['package-lock.json', true],
  ['packages/keeper/src/main.test.ts', false],
  ['packages/cli/src/main.ts', false],
  ['README.md', false],
])('when %s changes, the revision changes: %s', async (file, isChanged) => {
  const before = await sourceRevision(root)
  await writeFile(join(root, file), 'other')
  expect((await sourceRevision(root)) !== before).toBe(isChanged)
})

test('when the same sources lie elsewhere, the revision is the same', async () => {
  const copy = `${root}-copy`
  await cp(root, copy, { recursive: true })
  try {
    expect(await sourceRevision(copy)).toBe(await sourceRevision(root))
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
})
