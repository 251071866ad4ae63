import type { InstanceSpec } from '@evenkeel/substrate'
import { describe, expect, it } from 'vitest'
import { renderControlPlane } from './render.ts'
import { homeInput, hostedInput, privateInput } from './testing/sample-input.ts'

const INPUTS = [
  ['hosted 1.36', hostedInput({ versions: { kubernetes: 'v1.36.3', etcd: 'v3.7.3' } })],
  ['hosted 1.37', hostedInput()],
  ['private', privateInput()],
  ['home', homeInput()],
] as const

/** Flags and settings that no control plane of ours may have, and why. */
const FORBIDDEN: readonly [RegExp, string][] = [
  [/unsafe/i, 'loses acknowledged writes'],
  [/^--experimental-/, 'refused by etcd 3.7'],
  [/insecure/i, 'does without TLS or without checking it'],
  [
    /^--(anonymous-auth|token-auth-file|basic-auth-file|enable-bootstrap-token-auth|authorization-mode)\b/,
    'a way in besides ours',
  ],
  [/^--authorization-always-allow-groups|AlwaysAllow/, 'lets in whoever asks'],
  [/^--(contention-)?profiling=true/, 'shows memory to clients'],
  [/^--enable-pprof|^--debug-socket-path/, 'shows memory to clients'],
  [/^--force-new-cluster/, 'forgets the other members'],
  [/^--(peer-)?auto-tls/, 'certificates that nobody signed'],
  [/http:\/\//, 'plain text between components'],
  [/^--feature-gates=.*All(Alpha|Beta)/, 'features that upstream does not stand for'],
  [/verify none/, 'takes any certificate'],
]

/** HAProxy's own HTTP client, which is never used; its setting only keeps it from loading the system's authorities. */
const HARMLESS = 'httpclient.ssl.verify none'

function linesOf(spec: InstanceSpec): string[] {
  const written = spec.files.flatMap((file) => file.content.split('\n')).filter((line) => !line.includes(HARMLESS))
  return [...spec.args, ...written]
}

describe.each(INPUTS)('a rendering of %s', (_, input) => {
  const specs = renderControlPlane(input)

  it.each(FORBIDDEN)('when it is searched for %s, there is nothing', (pattern) => {
    const found = specs.flatMap((spec) => linesOf(spec).filter((line) => pattern.test(line)))
    expect(found).toEqual([])
  })

  it('when it is searched for secrets outside of files, there are none', () => {
    const secrets = [input.keys.encryption.secret, 'PRIVATE KEY', 'BEGIN']
    const shown = specs.flatMap((spec) => [...spec.args, ...Object.values(spec.env), spec.name])
    expect(shown.filter((text) => secrets.some((secret) => text.includes(secret)))).toEqual([])
  })

  it('when a program could show profiles, it is told not to', () => {
    for (const spec of specs.filter((each) => each.component.startsWith('kube-'))) {
      expect(spec.args, spec.name).toContain('--profiling=false')
    }
  })

  it('when a request is anonymous, it reaches health and nothing else', () => {
    const server = specs.find((spec) => spec.component === 'kube-apiserver')
    const file = server?.files.find(({ path }) => path === 'authentication.json')
    expect(JSON.parse(file?.content ?? '')).toMatchObject({
      anonymous: { enabled: true, conditions: [{ path: '/livez' }, { path: '/readyz' }, { path: '/healthz' }] },
    })
  })

  it('when a Secret is written, it is encrypted, and plain ones are not read', () => {
    const server = specs.find((spec) => spec.component === 'kube-apiserver')
    const file = server?.files.find(({ path }) => path === 'encryption.json')
    const { resources } = JSON.parse(file?.content ?? '') as {
      resources: { resources: string[]; providers: object[] }[]
    }
    expect(resources).toHaveLength(1)
    expect(resources[0]?.resources).toContain('secrets')
    expect(resources[0]?.providers.map((provider) => Object.keys(provider))).toEqual([['secretbox']])
  })

  it('when a member of etcd is called, it asks for a certificate of its own authority on every port', () => {
    for (const spec of specs.filter((each) => each.component === 'etcd')) {
      expect(spec.args).toContain('--client-cert-auth=true')
      expect(spec.args).toContain('--peer-client-cert-auth=true')
      expect(spec.args).toContain('--peer-cert-allowed-cn=etcd-peer')
      const urls = spec.args.filter((arg) => arg.startsWith('--listen-'))
      expect(urls).toHaveLength(4)
      expect(urls.every((arg) => arg.includes('=https://'))).toBe(true)
    }
  })
})
