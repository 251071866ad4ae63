import { expect, test } from 'vitest'
import { parsePublishedDigest } from './digest.ts'

const HEX = 'AB'.repeat(32)
const DIGEST = `sha256:${HEX.toLowerCase()}`

test.each([
  ['the digest alone', HEX, DIGEST],
  ['the digest and a line end', `${HEX}\n`, DIGEST],
  ['digest and name', `${HEX}  kubectl\n`, DIGEST],
  ['digest and name of a binary file', `${HEX} *kubectl\n`, DIGEST],
  ['lines, one of them of the file', `${'0'.repeat(64)}  kubelet\n${HEX}  kubectl\n`, DIGEST],
  ['lines, none of them of the file', `${HEX}  kubelet\n`, undefined],
  ['a page of a portal', '<html>Please sign in</html>', undefined],
  ['a digest of another length', 'ab'.repeat(20), undefined],
  ['nothing', '', undefined],
])('when a site publishes %s, it is read so', (_what, text, digest) => {
  expect(parsePublishedDigest(text, 'sha256', 'kubectl')).toBe(digest)
})
