import type { MachineProgram } from '@evenkeel/substrate'
import { leafOf } from '../pki/index.ts'
import { dnsServiceAddress, flagsText, kubeconfig, RenderedFiles } from '../rendering/index.ts'
import { CONTAINERD_SOCKET } from './containerd.ts'
import type { NodeInput } from './input.ts'
import { kubeTaint, nodeLabels, registeredLabels } from './labels.ts'
import { NODE_LEAF } from './leaves.ts'

/** A kubelet that finds no containerd exits at once; one that waits for ever says nothing. */
const CONTAINERD_PATIENCE_SECONDS = 60

/**
 * Brings the archives of the image folder into containerd, then becomes the kubelet: a pod that is started before its
 * sandbox image is there would ask a registry for it, and back off. What is imported is noted beside containerd's own
 * data, by size and time of the archive. An archive that cannot be imported is said so, and holds nothing up.
 */
const IMPORT_THEN_RUN = `tools=$1 images=$2 socket=$3; shift 3
notes=/var/lib/containerd/evenkeel-imported; mkdir -p "$notes"
for archive in "$images"/*.tar; do
  [ -f "$archive" ] || continue
  note="$notes/$(basename "$archive").$(stat -c %s.%Y "$archive")"
  [ -e "$note" ] && continue
  "$tools/ctr" --address "$socket" --namespace k8s.io images import --local "$archive" && : >"$note"
done
exec "$tools/kubelet" "$@"`

/** The kubelet, behind the import of images. */
export function renderKubelet(input: NodeInput): MachineProgram {
  const { machine, address, endpoint, layout } = input
  const files = new RenderedFiles(layout.files)
  const authority = files.add('pki/cluster-ca.pem', input.caCertificate, 'restart')
  const { certificate, key } = leafOf(input.leaves, NODE_LEAF.kubelet(machine.name))
  // Both are read anew when the file is replaced: the one by its server, the other by its client.
  const own = files.add('pki/kubelet.pem', `${certificate}${key}`, 'reload')
  const client = kubeconfig({
    server: `https://${endpoint.host}:${endpoint.port}`,
    authority: { file: authority },
    client: { file: own },
  })
  const flags = flagsText({
    config: files.addJson('kubelet.json', kubeletConfiguration(input, { authority, own }), 'restart'),
    kubeconfig: files.addJson('kubelet-kubeconfig.json', client, 'restart'),
    'cert-dir': '/var/lib/kubelet/pki',
    'hostname-override': machine.name,
    'node-ip': address.host,
    'node-labels': labelsText(input),
    'root-dir': '/var/lib/kubelet',
  })
  return {
    name: 'kubelet',
    program: { name: 'sh', version: 'system' },
    args: ['-c', IMPORT_THEN_RUN, 'kubelet', layout.tools, layout.images, CONTAINERD_SOCKET, ...flags],
    env: {},
    files: files.all(),
    startsAfter: { socket: CONTAINERD_SOCKET, atMostSeconds: CONTAINERD_PATIENCE_SECONDS },
    stopGraceSeconds: 5,
  }
}

function labelsText(input: NodeInput): string {
  const labels = Object.entries(
    registeredLabels(nodeLabels({ ...input, releaseVersion: input.versions.releaseVersion })),
  )
  return labels
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join(',')
}

/** KubeletConfiguration v1beta1, as kubelet 1.36 and 1.37 read it. */
function kubeletConfiguration(
  { machine, address, zone, serviceCidr, group }: NodeInput,
  { authority, own }: { readonly authority: string; readonly own: string },
): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    failCgroupV1: false,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: '/',
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    address: address.host,
    readOnlyPort: 0,
    healthzBindAddress: '127.0.0.1',
    healthzPort: 10248,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: authority },
    },
    authorization: { mode: 'Webhook' },
    // The keeper issues and renews.
    rotateCertificates: false,
    serverTLSBootstrap: false,
    tlsCertFile: own,
    tlsPrivateKeyFile: own,
    tlsMinVersion: 'VersionTLS12',
    clusterDomain: 'cluster.local',
    clusterDNS: [dnsServiceAddress(serviceCidr)],
    resolvConf: '/etc/resolv.conf',
    providerID: `evenkeel:///${zone}/${machine.name}`,
    podLogsDir: '/var/log/pods',
    volumePluginDir: '/var/lib/kubelet/volume-plugins',
    staticPodPath: '',
    oomScoreAdj: 0,
    failSwapOn: false,
    protectKernelDefaults: false,
    localStorageCapacityIsolation: true,
    maxPods: 110,
    evictionHard: {
      'memory.available': '100Mi',
      'nodefs.available': '10%',
      'nodefs.inodesFree': '5%',
      'imagefs.available': '10%',
    },
    systemReserved: { memory: '200Mi', cpu: '100m' },
    enforceNodeAllocatable: ['pods'],
    shutdownGracePeriod: '0s',
    serializeImagePulls: false,
    registerNode: true,
    registerWithTaints: group.taints.map(kubeTaint),
  }
}
