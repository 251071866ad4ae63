import type { MachineProgram } from '@evenkeel/substrate'
import { leafOf } from '../pki/index.ts'
import { kubeconfig, RenderedFiles } from '../rendering/index.ts'
import type { NodeInput } from './input.ts'
import { NODE_LEAF } from './leaves.ts'

/**
 * kube-proxy of the node's own version, in nftables mode (it needs the program `nft`). It ends when its Node appears late,
 * and is started again by whoever supervises it.
 */
export function renderKubeProxy(input: NodeInput): MachineProgram {
  const { machine, endpoint, versions } = input
  const files = new RenderedFiles(input.layout.files)
  const { certificate, key } = leafOf(input.leaves, NODE_LEAF.kubeProxy(machine.name))
  const client = kubeconfig({
    server: `https://${endpoint.host}:${endpoint.port}`,
    authority: { file: files.add('pki/kube-proxy-ca.pem', input.caCertificate, 'restart') },
    client: { file: files.add('pki/kube-proxy.pem', `${certificate}${key}`, 'reload') },
  })
  const access = files.addJson('kube-proxy-kubeconfig.json', client, 'restart')
  const config = files.addJson('kube-proxy.json', proxyConfiguration(input, access), 'restart')
  return {
    name: 'kube-proxy',
    program: { name: 'kube-proxy', version: versions.kubelet },
    args: [`--config=${config}`],
    env: {},
    files: files.all(),
    stopGraceSeconds: 5,
  }
}

/** KubeProxyConfiguration v1alpha1, as kube-proxy 1.36 and 1.37 read it. */
function proxyConfiguration({ machine, address }: NodeInput, kubeconfigPath: string): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    clientConnection: { kubeconfig: kubeconfigPath },
    hostnameOverride: machine.name,
    bindAddress: address.host,
    healthzBindAddress: '127.0.0.1:10256',
    metricsBindAddress: '127.0.0.1:10249',
    // Devices of pods, as the plugin ptp names them.
    detectLocalMode: 'InterfaceNamePrefix',
    detectLocal: { interfaceNamePrefix: 'veth' },
    oomScoreAdj: 0,
    // Else it would set limits of the kernel, which are the host's.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
    nodePortAddresses: ['primary'],
  }
}
