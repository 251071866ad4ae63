import type { MachineSpec, ProgramRef } from '@evenkeel/substrate'
import { renderContainerd } from './containerd.ts'
import type { NodeInput, NodeVersions } from './input.ts'
import { renderKubeProxy } from './kube-proxy.ts'
import { renderKubelet } from './kubelet.ts'

/** The machine of a node, and all that runs on it. Pure: equal inputs give equal specs. */
export function renderNode(input: NodeInput): MachineSpec {
  const { machine, zone, instanceType, resources, address, versions } = input
  return {
    ...machine,
    zone,
    instanceType,
    resources,
    address,
    programs: [renderContainerd(input), renderKubelet(input), renderKubeProxy(input)],
    tools: toolsOf(versions),
  }
}

/** Programs that containerd, the kubelet and their start call. */
function toolsOf({ containerd, runc, cniPlugins, kubelet }: NodeVersions): readonly ProgramRef[] {
  return [
    { name: 'kubelet', version: kubelet },
    { name: 'containerd-shim-runc-v2', version: containerd },
    { name: 'ctr', version: containerd },
    { name: 'runc', version: runc },
    ...['host-local', 'loopback', 'portmap', 'ptp'].map((name) => ({ name, version: cniPlugins })),
  ]
}
