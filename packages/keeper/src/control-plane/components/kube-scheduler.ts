import type { InstanceSpec, Zone } from '@evenkeel/substrate'
import { flagsText } from '../../rendering/index.ts'
import { delegatedAccess, LEADER_ELECTION, versionFlags } from './controllers.ts'
import { addLeaf, filesOf } from './files.ts'
import type { ControlPlaneInput } from './input.ts'
import { LEAF } from './leaf-plan.ts'
import { addressesOf } from './members.ts'
import { PORTS } from './ports.ts'
import { goEnvironment } from './tuning.ts'

export function renderScheduler(input: ControlPlaneInput, zone: Zone): InstanceSpec {
  const { name, files } = filesOf(input, 'kube-scheduler', zone)
  const access = delegatedAccess(files, input, { name, zone })
  const server = addLeaf(files, input, { name: LEAF.server(name), path: 'pki/server.pem', onChange: 'reload' })
  return {
    cluster: input.clusterId,
    name,
    component: 'kube-scheduler',
    place: zone,
    program: { name: 'kube-scheduler', version: input.versions.kubernetes },
    args: flagsText({
      ...access.flags,
      ...LEADER_ELECTION,
      ...versionFlags(input),
      'bind-address': addressesOf(input.network, zone).host,
      'secure-port': PORTS.scheduler,
      'tls-cert-file': server,
      'tls-private-key-file': server,
      'tls-min-version': 'VersionTLS12',
      profiling: false,
      'contention-profiling': false,
    }),
    env: goEnvironment(),
    files: files.all(),
    volumes: [],
    stopGraceSeconds: 10,
  }
}
