/**
 * Of the instances that have logs, those of one component: `etcd` means `etcd-a`, `etcd-b`, `etcd-c` (and not
 * `etcd-hop-a`), `etcd-b` means that one. Programs of machines are `<machine>.<program>`: `kubelet` means those of all
 * machines, the name of a machine all that it runs. Pure.
 */
export function selectInstances(
  instances: readonly string[],
  asked: { readonly component: string; readonly zone?: string | undefined },
): string[] {
  const { component, zone } = asked
  const isOne = (instance: string) => {
    if (instance === component) return true
    if (instance.includes('.')) return instance.split('.').includes(component)
    if (!instance.startsWith(`${component}-`)) return false
    return !instance.slice(component.length + 1).includes('-')
  }
  return instances.filter((instance) => isOne(instance) && (zone === undefined || instance.endsWith(`-${zone}`))).sort()
}

/** What can be asked for, from the instances that have logs: components once, without their zones or machines. Pure. */
export function componentsOf(instances: readonly string[]): string[] {
  const component = (instance: string) => instance.split('.')[1] ?? instance.replace(/-([a-z]|\d+)$/, '')
  return [...new Set(instances.map(component))].sort()
}
