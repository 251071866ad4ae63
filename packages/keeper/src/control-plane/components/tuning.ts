import type { ComponentName } from './members.ts'

/**
 * How much garbage the Go runtime of each program lets pile up before it collects, in percent of what is in use: upstream's
 * 100 doubles what an idle control plane holds. Less memory for a little more processor time (bench/README.md has both).
 * The one place where it is chosen. Changing a value restarts the programs, in turn.
 */
const GARBAGE_PERCENT: Readonly<Record<Exclude<ComponentName, 'etcd-hop'>, number>> = {
  etcd: 30,
  'kube-apiserver': 40,
  'kube-controller-manager': 30,
  'kube-scheduler': 30,
}

export function goEnvironment(component: keyof typeof GARBAGE_PERCENT): Readonly<Record<string, string>> {
  return { GOGC: `${GARBAGE_PERCENT[component]}` }
}
