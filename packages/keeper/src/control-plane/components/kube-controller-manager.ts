import type { InstanceSpec, Zone } from '@evenkeel/substrate'
import { flagsText } from '../../rendering/index.ts'
import { delegatedAccess, LEADER_ELECTION, versionFlags } from './controllers.ts'
import { addLeaf, filesOf } from './files.ts'
import type { ControlPlaneInput } from './input.ts'
import { LEAF } from './leaf-plan.ts'
import { addressesOf } from './members.ts'
import { PORTS } from './ports.ts'
import { goEnvironment } from './tuning.ts'

export function renderControllerManager(input: ControlPlaneInput, zone: Zone): InstanceSpec {
  const { name, files } = filesOf(input, 'kube-controller-manager', zone)
  const { authorities, serviceAccount } = input.keys
  const access = delegatedAccess(files, input, { name, zone })
  const server = addLeaf(files, input, { name: LEAF.server(name), path: 'pki/server.pem', onChange: 'reload' })
  const { certificate, key } = authorities.cluster
  const signer = files.add('pki/cluster-signer.pem', `${certificate}${key}`, 'reload')
  const tokenKey = files.add('pki/service-account-key.pem', serviceAccount.privateKey, 'restart')
  return {
    cluster: input.clusterId,
    name,
    component: 'kube-controller-manager',
    place: zone,
    program: { name: 'kube-controller-manager', version: input.versions.kubernetes },
    args: flagsText({
      ...access.flags,
      ...LEADER_ELECTION,
      ...versionFlags(input),
      'bind-address': addressesOf(input.network, zone).host,
      'secure-port': PORTS.controllerManager,
      'tls-cert-file': server,
      'tls-private-key-file': server,
      'tls-min-version': 'VersionTLS12',
      'cluster-name': input.clusterId,
      'use-service-account-credentials': true,
      'service-account-private-key-file': tokenKey,
      'root-ca-file': access.authorityFile,
      'cluster-signing-cert-file': signer,
      'cluster-signing-key-file': signer,
      // Its start asks twice for each of some 45 controllers' accounts on one client; upstream's 20 a second (30 at once)
      // would make that 4 s. What an API server can bear is its own affair (priority and fairness).
      'kube-api-qps': 100,
      'kube-api-burst': 200,
      profiling: false,
      'contention-profiling': false,
    }),
    env: goEnvironment(),
    files: files.all(),
    volumes: [],
    stopGraceSeconds: 10,
  }
}
