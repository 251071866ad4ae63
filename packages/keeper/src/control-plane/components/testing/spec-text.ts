import type { AwaitedPort, InstanceSpec } from '@evenkeel/substrate'
import type { LeafPlan } from '../../../pki/index.ts'

/** All that a spec says, for reading and for comparing. */
export function specText(spec: InstanceSpec): string {
  const env = Object.entries(spec.env).map(([name, value]) => `${name}=${value} `)
  const head = [
    `${spec.name} of ${spec.cluster}: ${spec.component} in ${spec.place}`,
    ...(spec.startsAfter === undefined ? [] : [startText(spec.startsAfter)]),
    ...(spec.restartDelayMs ? [`restart: after ${spec.restartDelayMs} ms`] : []),
    `stop: SIGTERM, SIGKILL after ${spec.stopGraceSeconds} s`,
    `volumes: ${spec.volumes.join(', ') || 'none'}`,
    '',
    `${env.join('')}${spec.program.name} ${spec.program.version}`,
    ...spec.args.map((arg) => `  ${arg}`),
  ]
  const files = spec.files.map((file) => `\n--- ${file.path} (change: ${file.onChange})\n${file.content}`)
  return `${head.join('\n')}\n${files.join('')}`
}

function startText({ host, port, atMostSeconds }: AwaitedPort): string {
  return `start: when ${host}:${port} takes connections, or after ${atMostSeconds} s`
}

/** One line a certificate. */
export function leafPlanText(plan: LeafPlan): string {
  const lines = Object.entries(plan).map(([name, { authority, commonName, organizations, hosts, usages }]) =>
    [
      `${name}: ${usages.join(' and ')} by ${authority}`,
      `  subject: ${[...organizations.map((each) => `O=${each}`), `CN=${commonName}`].join(', ')}`,
      ...(hosts.length === 0 ? [] : [`  hosts: ${hosts.join(', ')}`]),
    ].join('\n'),
  )
  return `${lines.join('\n')}\n`
}
