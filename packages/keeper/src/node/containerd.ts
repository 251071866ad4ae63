import type { MachineProgram } from '@evenkeel/substrate'
import { RenderedFiles } from '../rendering/index.ts'
import type { NodeInput } from './input.ts'

/** Where containerd listens, in the machine. */
export const CONTAINERD_SOCKET = '/run/containerd/containerd.sock'

/** Plugins without use on a machine of ours; each costs memory or a warning. */
const DISABLED_PLUGINS = [
  'io.containerd.internal.v1.opt',
  'io.containerd.internal.v1.tracing',
  'io.containerd.nri.v1.nri',
  ...['blockfile', 'btrfs', 'devmapper', 'erofs', 'native', 'zfs'].map(
    (name) => `io.containerd.snapshotter.v1.${name}`,
  ),
]

/** containerd 2.x, and the pod network that it gives its pods. Needs nothing of the machine but its own paths. */
export function renderContainerd(input: NodeInput): MachineProgram {
  const files = new RenderedFiles(input.layout.files)
  const conflist = files.addJson('cni/10-evenkeel.conflist', podNetwork(input), 'reload')
  const cniFolder = conflist.slice(0, conflist.lastIndexOf('/'))
  const config = files.add('containerd.toml', containerdConfig(input, cniFolder), 'restart')
  return {
    name: 'containerd',
    program: { name: 'containerd', version: input.versions.containerd },
    args: [`--config=${config}`, '--log-level=warn'],
    env: {},
    files: files.all(),
    stopGraceSeconds: 5,
  }
}

/** TOML, version 3 of the configuration (containerd 2.0 and on; `containerd config default` shows all of it). */
function containerdConfig({ layout, sandboxImage }: NodeInput, cniFolder: string): string {
  const text = (value: string) => JSON.stringify(value)
  return `version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = [${DISABLED_PLUGINS.map(text).join(', ')}]

[grpc]
  address = ${text(CONTAINERD_SOCKET)}

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = ${text(sandboxImage)}

[plugins.'io.containerd.cri.v1.images'.registry]
  config_path = "/etc/containerd/certs.d"

[plugins.'io.containerd.cri.v1.runtime']
  # Nobody may lower it without CAP_SYS_RESOURCE, which a machine in a container does not have.
  restrict_oom_score_adj = true
  disable_apparmor = true

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  BinaryName = ${text(`${layout.tools}/runc`)}
  SystemdCgroup = false

[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = [${text(layout.tools)}]
  conf_dir = ${text(cniFolder)}
  use_internal_loopback = true
`
}

/**
 * Point to point, since a bridge would need `bridge-nf-call-iptables` for Services whose pod is on the same node. Addresses
 * in use are noted below `/run`, so that a reboot frees them.
 */
function podNetwork({ address }: NodeInput): object {
  return {
    cniVersion: '1.0.0',
    name: 'evenkeel',
    plugins: [
      {
        type: 'ptp',
        ipMasq: false,
        mtu: 1500,
        ipam: {
          type: 'host-local',
          dataDir: '/run/cni-ipam',
          ranges: [[{ subnet: address.podCidr }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
      { type: 'portmap', capabilities: { portMappings: true }, backend: 'nftables', snat: true },
    ],
  }
}
