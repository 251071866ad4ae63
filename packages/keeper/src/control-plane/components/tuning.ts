import type { ComponentName } from './members.ts'

/**
 * What the Go runtime of each program is told about memory: the one place where it is chosen (see bench/README.md for
 * what it buys). Changing a value restarts the programs, in turn.
 */
const GO_RUNTIME: Readonly<Record<Exclude<ComponentName, 'etcd-hop'>, Readonly<Record<string, string>>>> = {
  etcd: {},
  'kube-apiserver': {},
  'kube-controller-manager': {},
  'kube-scheduler': {},
}

export function goEnvironment(component: keyof typeof GO_RUNTIME): Readonly<Record<string, string>> {
  return GO_RUNTIME[component]
}
