import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { privateNetwork, privateNode } from './addresses.ts'
import { markOf, routerFilter, zoneFilter } from './filters.ts'
import {
  checkNodeScript,
  checkScript,
  ensureNodeScript,
  ensureScript,
  removeAllScript,
  removeNodeScript,
  removeScript,
  trialScript,
} from './scripts.ts'

const network = privateNetwork(200, 2, ['a', 'b', 'c'])
const node = privateNode(network, 3)

const SCRIPTS = {
  ensure: ensureScript(network),
  check: checkScript(network),
  remove: removeScript(network),
  'remove-all': removeAllScript(200),
  'ensure-node': ensureNodeScript(node),
  'check-node': checkNodeScript(node),
  'remove-node': removeNodeScript(node),
  trial: trialScript(),
}

describe('scripts of private networks', () => {
  it.each(Object.entries(SCRIPTS))(
    'when %s is rendered, it says the same as ever, and is a script',
    async (name, text) => {
      await expect(text).toMatchFileSnapshot(`goldens/${name}.sh`)
      await promisify(execFile)('sh', ['-n', '-c', text])
    },
  )

  it('when rules differ, so do their marks', () => {
    const other = privateNetwork(200, 3, ['a', 'b', 'c'])
    const marks = [routerFilter(network), zoneFilter(network), routerFilter(other), zoneFilter(other)].map(markOf)
    expect(new Set(marks).size).toBe(4)
    expect(marks.every((mark) => /^rules_[0-9a-f]{16}$/.test(mark))).toBe(true)
  })
})
