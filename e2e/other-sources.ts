import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const root = dirname(import.meta.dirname)
const CLUSTER_KIND = 'packages/contract/src/kinds/cluster.ts'

/** A member of a Cluster's status that no version has: it shows whose CRDs are in force. */
export const ADDED_MEMBER = 'addedByOtherSources'

/**
 * This repository as a later `git pull` may leave it: in another folder, with another CRD, and so with other sources of
 * all our programs. Packages from the registry are shared by links.
 */
export function makeOtherSources(folder: string): { readonly launcher: string } {
  mkdirSync(folder, { recursive: true })
  for (const name of ['packages', 'evenkeel', 'package.json', 'package-lock.json', '.npmrc']) {
    cpSync(join(root, name), join(folder, name), { recursive: true })
  }
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, '@evenkeel'), { recursive: true })
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name !== '@evenkeel') symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
  for (const name of readdirSync(join(folder, 'packages'))) {
    symlinkSync(join(folder, 'packages', name), join(modules, '@evenkeel', name))
  }
  const kind = join(folder, CLUSTER_KIND)
  const before = readFileSync(kind, 'utf8')
  const member = 'platformVersion: Type.Optional('
  const after = before.replace(`  ${member}`, `  ${ADDED_MEMBER}: Type.Optional(Type.String()),\n  ${member}`)
  if (after === before) throw new Error(`${CLUSTER_KIND} has no ${member} any more: name another member here`)
  writeFileSync(kind, after)
  return { launcher: join(folder, 'evenkeel') }
}
