/**
 * Of the instances that have logs, those of one component: `etcd` means `etcd-a`, `etcd-b`, `etcd-c` (and not
 * `etcd-hop-a`), `etcd-b` means that one. Pure.
 */
export function selectInstances(
  instances: readonly string[],
  asked: { readonly component: string; readonly zone?: string | undefined },
): string[] {
  const { component, zone } = asked
  const isOne = (instance: string) => {
    if (instance === component) return true
    if (!instance.startsWith(`${component}-`)) return false
    return !instance.slice(component.length + 1).includes('-')
  }
  return instances.filter((instance) => isOne(instance) && (zone === undefined || instance.endsWith(`-${zone}`))).sort()
}

/** What can be asked for, from the instances that have logs: components once, without their zones. Pure. */
export function componentsOf(instances: readonly string[]): string[] {
  return [...new Set(instances.map((instance) => instance.replace(/-([a-z]|\d+)$/, '')))].sort()
}
