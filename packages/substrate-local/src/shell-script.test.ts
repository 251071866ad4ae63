import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { shellQuote } from './shell-script.ts'

describe('shellQuote', () => {
  it.each(['plain-word_1.2/3', 'two words', "it's", '$HOME `id` "x" \\ * ;', 'line\nbreak', '', '--flag=a,b'])(
    'when %j is quoted, a shell takes it as it is',
    (text) => {
      expect(execFileSync('/bin/sh', ['-c', `printf %s ${shellQuote(text)}`]).toString()).toBe(text)
    },
  )

  it('when it holds a NUL character, it refuses', () => {
    expect(() => shellQuote('a\0b')).toThrow(/NUL/)
  })
})
