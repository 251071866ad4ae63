import type { Zone } from '@evenkeel/substrate'
import { kubeconfig, type RenderedFiles } from '../../rendering/index.ts'
import { addLeaf } from './files.ts'
import type { ControlPlaneInput } from './input.ts'
import { LEAF, PROXY_CLIENT_NAME } from './leaf-plan.ts'
import { addressesOf, httpsUrl } from './members.ts'
import { PORTS } from './ports.ts'

/** Which minor a program behaves as; kube-apiserver, controller-manager and scheduler take the same flags. */
export function versionFlags({ emulatedVersion, minCompatibilityVersion }: ControlPlaneInput) {
  return {
    'emulated-version': emulatedVersion === undefined ? undefined : `kube=${emulatedVersion}`,
    'min-compatibility-version': minCompatibilityVersion === undefined ? undefined : `kube=${minCompatibilityVersion}`,
  }
}

/** One of the two copies works, the other takes over when its lease has ended. */
export const LEADER_ELECTION = {
  'leader-elect': true,
  'leader-elect-lease-duration': '15s',
  'leader-elect-renew-deadline': '10s',
  'leader-elect-retry-period': '2s',
} as const

/** Headers in which one API server tells another whom it asks for, and who may send them. */
export const REQUEST_HEADERS = {
  'requestheader-allowed-names': PROXY_CLIENT_NAME,
  'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
  'requestheader-group-headers': 'X-Remote-Group',
  'requestheader-username-headers': 'X-Remote-User',
} as const

/**
 * How a controller reaches the API server, and how it knows who asks it for metrics. It takes the API server of its own
 * zone: one that is newer than it may be in another zone, and a zone that is cut off must not lead.
 */
export function delegatedAccess(
  files: RenderedFiles,
  input: ControlPlaneInput,
  { name, zone }: { readonly name: string; readonly zone: Zone },
) {
  const { authorities } = input.keys
  const authorityFile = files.add('pki/cluster-ca.pem', authorities.cluster.certificate, 'restart')
  const frontProxy = files.add('pki/front-proxy-ca.pem', authorities.frontProxy.certificate, 'reload')
  const client = addLeaf(files, input, { name: LEAF.client(name), path: 'pki/client.pem', onChange: 'reload' })
  const config = files.addJson(
    'kubeconfig.json',
    kubeconfig({
      server: httpsUrl(addressesOf(input.network, zone).host, PORTS.apiServer),
      authority: { file: authorityFile },
      client: { file: client },
    }),
    'restart',
  )
  return {
    authorityFile,
    flags: {
      kubeconfig: config,
      'authentication-kubeconfig': config,
      'authorization-kubeconfig': config,
      // Known from files: looking them up would wait for an API server that is only just starting.
      'authentication-skip-lookup': true,
      'client-ca-file': authorityFile,
      'requestheader-client-ca-file': frontProxy,
      ...REQUEST_HEADERS,
    },
  }
}
