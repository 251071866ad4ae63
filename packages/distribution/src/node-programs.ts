import type { ProgramRequest } from './program-request.ts'
import type { ProgramName } from './programs.ts'
import type { AddOnName, NodeBundle, Release } from './releases/index.ts'

const NODE_PROGRAMS: readonly ProgramName[] = [
  'kubelet',
  'kube-proxy',
  'containerd',
  'containerd-shim-runc-v2',
  'ctr',
  'runc',
  'host-local',
  'loopback',
  'portmap',
  'ptp',
]

/** All programs of a bundle, for `ensurePrograms`. */
export function nodeProgramRequest(bundle: NodeBundle): ProgramRequest {
  return {
    kubernetes: [bundle.kubelet],
    containerd: [bundle.containerd],
    runc: [bundle.runc],
    'cni-plugins': [bundle.cniPlugins],
    programs: NODE_PROGRAMS,
  }
}

/** The program of an add-on of clusters of this minor, for `ensurePrograms`. */
export function addOnProgramRequest({ addOns }: Pick<Release, 'addOns'>, addOn: AddOnName): ProgramRequest {
  const version = [addOns[addOn]]
  return addOn === 'kube-proxy' ? { kubernetes: version, programs: ['kube-proxy'] } : { [addOn]: version }
}
