/** What files of /proc say, in numbers. Pure. */

/** `MemAvailable` of /proc/meminfo, in bytes. */
export function readAvailableMemory(meminfo: string): number | undefined {
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1]
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024
}

/** The hard limit of a resource of /proc/self/limits, such as `Max open files`. */
export function readHardLimit(limits: string, resource: string): number | undefined {
  const line = limits.split('\n').find((one) => one.startsWith(`${resource} `))
  const hard = line?.slice(resource.length).trim().split(/\s+/)[1]
  if (hard === undefined) return undefined
  return hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard)
}

/** State of a socket that listens, in /proc/net/tcp. */
const LISTEN = '0A'

/** Ports that somebody listens on at all addresses, from /proc/net/tcp or /proc/net/tcp6. */
export function readWildcardListeners(table: string): number[] {
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/)
    const [address = '', port = ''] = local.split(':')
    return state === LISTEN && /^0+$/.test(address) ? [Number.parseInt(port, 16)] : []
  })
}

/** Path of a control group by its controller, from /proc/self/cgroup: `''` is the one of version 2. */
export function readControlGroup(cgroup: string, controller: string): string | undefined {
  for (const line of cgroup.split('\n')) {
    const [, controllers, ...path] = line.split(':')
    if (controllers !== undefined && controllers.split(',').includes(controller)) return path.join(':')
  }
  return undefined
}
