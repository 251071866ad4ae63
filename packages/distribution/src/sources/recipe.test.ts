import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../testing/upstream.ts'
import { readRecipe } from './recipe.ts'

const RUNC = { set: 'runc', programs: ['runc'], platform: 'linux-amd64' } as const

/** A folder of recipes for runc, by name of the module file. */
function putRecipes(files: Readonly<Record<string, string>>) {
  const folder = temporaryFolder()
  mkdirSync(join(folder.path, 'runc'))
  for (const [name, version] of Object.entries(files)) {
    const content = `module evenkeel.dev/runc\n\ngo 1.26.4\n\nrequire github.com/opencontainers/runc ${version} // indirect\n`
    writeFileSync(join(folder.path, 'runc', name), content)
  }
  return folder
}

test.each([
  ['v1.5.2', '1.5.mod'],
  ['v1.5.1', '1.5.1.mod'],
])('when an older patch is kept beside the newest, %s is built from %s', async (version, moduleFile) => {
  using recipes = putRecipes({ '1.5.mod': 'v1.5.2', '1.5.1.mod': 'v1.5.1' })
  expect(await readRecipe(recipes.path, { ...RUNC, version })).toMatchObject({ moduleFile, minimumGo: '1.26.4' })
})

test.each([
  ['v1.5.9', 'the recipe to build runc 1.5 is for v1.5.2, not v1.5.9'],
  ['v1.6.0', 'there is no recipe to build runc 1.6, only 1.5.mod'],
])('when %s has no recipe, it says which there are', async (version, reason) => {
  using recipes = putRecipes({ '1.5.mod': 'v1.5.2' })
  await expect(readRecipe(recipes.path, { ...RUNC, version })).rejects.toThrow(reason)
})
