import { DistributionError } from './faults.ts'

/** Upstream's programs that are released together, under one version; and `pause`, which is of our own sources. */
export const PROGRAMS = {
  kubernetes: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy', 'kubelet', 'kubectl'],
  etcd: ['etcd', 'etcdctl', 'etcdutl'],
  containerd: ['containerd', 'containerd-shim-runc-v2', 'ctr'],
  runc: ['runc'],
  // Of upstream's some twenty those that a node's pod network is made of.
  'cni-plugins': ['host-local', 'loopback', 'portmap', 'ptp'],
  coredns: ['coredns'],
  'metrics-server': ['metrics-server'],
  kwok: ['kwok'],
  crane: ['crane'],
  pause: ['pause'],
} as const

export type ProgramSet = keyof typeof PROGRAMS
export type ProgramName = (typeof PROGRAMS)[ProgramSet][number]

export const PROGRAM_SETS = Object.keys(PROGRAMS) as readonly ProgramSet[]

const TITLES: Readonly<Record<ProgramSet, string>> = {
  kubernetes: 'Kubernetes',
  etcd: 'etcd',
  containerd: 'containerd',
  runc: 'runc',
  'cni-plugins': 'CNI plugins',
  coredns: 'CoreDNS',
  'metrics-server': 'metrics-server',
  kwok: 'kwok',
  crane: 'crane',
  pause: 'pause',
}

/** What people call a set. */
export function titleOf(set: ProgramSet): string {
  return TITLES[set]
}

/** One program at one exact version, such as `v1.37.2`. */
export interface ProgramReference {
  readonly name: string
  readonly version: string
}

/** What binaries are made for, in Go's words. */
export type Platform = 'linux-amd64' | 'linux-arm64'

export function currentPlatform(): Platform {
  if (process.platform === 'linux' && process.arch === 'x64') return 'linux-amd64'
  if (process.platform === 'linux' && process.arch === 'arm64') return 'linux-arm64'
  throw new DistributionError(
    'invalid-request',
    `Kubernetes' control plane runs on Linux on amd64 or arm64, this is ${process.platform} on ${process.arch}`,
  )
}

/** `amd64` of `linux-amd64`. */
export function architectureOf(platform: Platform): string {
  return platform.slice('linux-'.length)
}

/** The set that a program belongs to. */
export function programSetOf(name: string): ProgramSet {
  for (const set of PROGRAM_SETS) {
    if ((PROGRAMS[set] as readonly string[]).includes(name)) return set
  }
  const known = PROGRAM_SETS.flatMap((set) => PROGRAMS[set]).join(', ')
  throw new DistributionError('invalid-request', `there is no program ${JSON.stringify(name)}: known are ${known}`)
}

const VERSION = /^v(\d+)\.(\d+)\.\d+(?:-(?:alpha|beta|rc)\.\d+)?$/

/** Throws unless `version` is exact, with its `v`, such as `v1.37.2`: it becomes part of paths and addresses. */
export function requireVersion(version: string): void {
  if (!VERSION.test(version)) {
    throw new DistributionError('invalid-request', `${JSON.stringify(version)} is no version such as "v1.37.2"`)
  }
}

/** `1.37` of `v1.37.2`. */
export function minorOf(version: string): string {
  const parts = VERSION.exec(version)
  if (parts === null) throw new DistributionError('invalid-request', `${JSON.stringify(version)} is no exact version`)
  return `${parts[1]}.${parts[2]}`
}
