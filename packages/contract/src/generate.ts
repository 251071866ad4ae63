import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { customResourceDefinitions } from './kinds/index.ts'

/**
 * Writes `generated/crds/*.yaml`, for people and for GitOps: the service installs the same objects by itself.
 * `--check`: writes nothing, and fails where a file is not what would be written.
 */
const FOLDER = join(import.meta.dirname, '../generated/crds')
const HEADER = '# Generated from packages/contract/src/kinds by packages/contract/src/generate.ts.\n'

const wanted = new Map(
  customResourceDefinitions().map((definition) => [
    `${definition.metadata.name}.yaml`,
    HEADER + stringify(definition, { lineWidth: 0, aliasDuplicateObjects: false }),
  ]),
)

mkdirSync(FOLDER, { recursive: true })
const present = readdirSync(FOLDER)
const superfluous = present.filter((name) => !wanted.has(name))
const outdated = [...wanted].filter(([name, text]) => {
  return !present.includes(name) || readFileSync(join(FOLDER, name), 'utf8') !== text
})

if (process.argv.includes('--check')) {
  const wrong = [...superfluous, ...outdated.map(([name]) => name)]
  if (wrong.length > 0) {
    console.error(
      `packages/contract/generated/crds is not up to date: ${wrong.join(', ')}. Run: ./evenkeel run node packages/contract/src/generate.ts`,
    )
    process.exitCode = 1
  }
} else {
  for (const name of superfluous) rmSync(join(FOLDER, name))
  for (const [name, text] of outdated) writeFileSync(join(FOLDER, name), text)
}
