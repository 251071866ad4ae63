import { minorOf, type ProgramName, type ProgramSet } from '../programs.ts'

export interface RecipePackage {
  readonly path: string
  /** How Go names the file: by the last part of the package's path that is not a version. */
  readonly output: string
  /** What it becomes; one that becomes several chooses by the name that its file is called by. */
  readonly programs: readonly ProgramName[]
  /** Build tags beside those of its set. */
  readonly tags?: readonly string[]
}

/** A C library that is linked into a program. */
export interface CLibrary {
  /** As pkg-config knows it, such as `libseccomp`: its archive is `libseccomp.a`. */
  readonly name: string
  /** Debian's package of it. */
  readonly debianPackage: string
}

/** How a set is built, whatever its version: as upstream builds its own releases. */
export interface SetRecipe {
  /** The module whose version is the set's, or that version where the set is of our own sources. */
  readonly module: string | { readonly ownVersion: string }
  readonly packages: readonly RecipePackage[]
  /** Values of variables that say which version it is; nothing where that is a constant of its code. */
  readonly stamps: (version: string) => Readonly<Record<string, string>>
  /** Build tags. */
  readonly tags: readonly string[]
  /** Where part of it is written in C: what is linked into it. Absent where it is Go alone. */
  readonly cLibraries?: readonly CLibrary[]
}

/** A set whose programs are packages of that name below a folder of its module. */
function packagesBelow(folder: string, programs: readonly ProgramName[]): readonly RecipePackage[] {
  return programs.map((program) => ({ path: `${folder}/${program}`, output: program, programs: [program] }))
}

const CNI_PLUGINS = 'github.com/containernetworking/plugins'
const CONTAINERD = 'github.com/containerd/containerd/v2'
const CRANE = 'github.com/google/go-containerregistry'

export const SET_RECIPES: Readonly<Record<ProgramSet, SetRecipe>> = {
  kubernetes: {
    module: 'k8s.io/kubernetes',
    packages: [
      {
        path: '.',
        output: 'kubernetes',
        programs: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy', 'kubelet', 'kubectl'],
      },
    ],
    stamps: (version) => {
      const [major = '', minor = ''] = minorOf(version).split('.')
      const stamps: Record<string, string> = {}
      // Both packages answer "which version": the first for servers, the second for clients' user agents.
      for (const path of ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']) {
        stamps[`${path}.gitVersion`] = version
        stamps[`${path}.gitMajor`] = major
        stamps[`${path}.gitMinor`] = minor
        stamps[`${path}.gitTreeState`] = 'archive'
        // Modules do not say of which commit they are.
        stamps[`${path}.gitCommit`] = ''
      }
      return stamps
    },
    tags: [],
  },
  etcd: {
    module: 'go.etcd.io/etcd/server/v3',
    packages: [
      { path: 'go.etcd.io/etcd/server/v3', output: 'server', programs: ['etcd'] },
      { path: 'go.etcd.io/etcd/etcdctl/v3', output: 'etcdctl', programs: ['etcdctl'] },
      { path: 'go.etcd.io/etcd/etcdutl/v3', output: 'etcdutl', programs: ['etcdutl'] },
    ],
    stamps: () => ({}),
    tags: [],
  },
  containerd: {
    module: CONTAINERD,
    packages: [
      ...packagesBelow(`${CONTAINERD}/cmd`, ['containerd', 'ctr']),
      // A shim speaks ttrpc alone. There is one beside every pod: without gRPC it is much smaller.
      ...packagesBelow(`${CONTAINERD}/cmd`, ['containerd-shim-runc-v2']).map((one) => ({ ...one, tags: ['no_grpc'] })),
    ],
    stamps: (version) => ({ [`${CONTAINERD}/version.Version`]: version }),
    tags: ['urfave_cli_no_docs'],
  },
  runc: {
    module: 'github.com/opencontainers/runc',
    packages: [{ path: 'github.com/opencontainers/runc', output: 'runc', programs: ['runc'] }],
    stamps: () => ({}),
    tags: ['seccomp', 'urfave_cli_no_docs', 'netgo', 'osusergo'],
    cLibraries: [{ name: 'libseccomp', debianPackage: 'libseccomp-dev' }],
  },
  'cni-plugins': {
    module: CNI_PLUGINS,
    packages: [
      ...packagesBelow(`${CNI_PLUGINS}/plugins/main`, ['loopback', 'ptp']),
      ...packagesBelow(`${CNI_PLUGINS}/plugins/ipam`, ['host-local']),
      ...packagesBelow(`${CNI_PLUGINS}/plugins/meta`, ['portmap']),
    ],
    stamps: (version) => ({ [`${CNI_PLUGINS}/pkg/utils/buildversion.BuildVersion`]: version }),
    tags: [],
  },
  coredns: {
    module: 'github.com/coredns/coredns',
    packages: [{ path: 'github.com/coredns/coredns', output: 'coredns', programs: ['coredns'] }],
    stamps: () => ({}),
    tags: ['grpcnotrace'],
  },
  'metrics-server': {
    module: 'sigs.k8s.io/metrics-server',
    packages: packagesBelow('sigs.k8s.io/metrics-server/cmd', ['metrics-server']),
    stamps: (version) => ({ 'k8s.io/client-go/pkg/version.gitVersion': version }),
    tags: [],
  },
  kwok: {
    module: 'sigs.k8s.io/kwok',
    packages: packagesBelow('sigs.k8s.io/kwok/cmd', ['kwok']),
    stamps: (version) => ({ 'sigs.k8s.io/kwok/pkg/consts.Version': version }),
    tags: [],
  },
  crane: {
    module: CRANE,
    packages: packagesBelow(`${CRANE}/cmd`, ['crane']),
    stamps: (version) => ({
      [`${CRANE}/cmd/crane/cmd.Version`]: version.slice(1),
      [`${CRANE}/pkg/v1/remote/transport.Version`]: version.slice(1),
    }),
    tags: [],
  },
  pause: {
    module: { ownVersion: 'v1.0.0' },
    packages: [{ path: 'evenkeel.dev/pause', output: 'pause', programs: ['pause'] }],
    stamps: (version) => ({ 'main.version': version }),
    tags: [],
  },
}
