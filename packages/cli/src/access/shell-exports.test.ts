import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { quoteForShell, renderShellExports } from './shell-exports.ts'

function evaluate(lines: string, print: string): string {
  const env = { PATH: '/usr/bin:/bin', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'y', AWS_SESSION_TOKEN: 'z' }
  return execFileSync('/bin/sh', ['-euc', `${lines}\n${print}`], { env, encoding: 'utf8' })
}

test.each([['/home/ann/.evenkeel'], ['/home/ann lee/.evenkeel'], ["/home/o'hara/$HOME/`id`"], ['/tmp/ü;rm -rf x']])(
  'when the state folder is %s, a shell reads back exactly that',
  (stateFolder) => {
    const lines = renderShellExports({ stateFolder, searchPath: '/usr/bin:/bin' })
    const print =
      'printf "%s|%s|%s|%s|%s|%s" "$EVENKEEL_HOME" "$AWS_CONFIG_FILE" "$AWS_SHARED_CREDENTIALS_FILE" "$AWS_PROFILE" "$KUBECONFIG" "$PATH"'
    expect(evaluate(lines, print)).toBe(
      [
        stateFolder,
        `${stateFolder}/aws/config`,
        `${stateFolder}/aws/credentials`,
        'evenkeel',
        `${stateFolder}/kube/config`,
        `${stateFolder}/bin:/usr/bin:/bin`,
      ].join('|'),
    )
  },
)

test('when the shell has keys of its own, they are unset, since they would beat the profile', () => {
  const lines = renderShellExports({ stateFolder: '/s', searchPath: '/bin' })
  const print = 'echo "${AWS_ACCESS_KEY_ID-none} ${AWS_SECRET_ACCESS_KEY-none} ${AWS_SESSION_TOKEN-none}"'
  expect(evaluate(lines, print)).toBe('none none none\n')
})

test('when PATH has our programs first already, it does not grow', () => {
  expect(renderShellExports({ stateFolder: '/s', searchPath: '/s/bin:/usr/bin' })).not.toContain('PATH=')
})

test('when a word is plain, it is not quoted', () => {
  expect(quoteForShell('/home/ann/.evenkeel')).toBe('/home/ann/.evenkeel')
  expect(quoteForShell('')).toBe("''")
})

test('when the service speaks TLS, its certificate authority beats what the machine has set', () => {
  const trustFile = '/s/access/service-ca.crt'
  expect(renderShellExports({ stateFolder: '/s', searchPath: '/bin', trustFile })).toContain(
    `export AWS_CA_BUNDLE=${trustFile}\n`,
  )
})
