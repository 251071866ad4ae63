/** Docker's rules for short names (distribution/reference 0.6): what stands before the first `/` is a registry only then. */
function isRegistry(part: string): boolean {
  return part.includes('.') || part.includes(':') || part === 'localhost' || part !== part.toLowerCase()
}

const PATH = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/
const TAG = /^\w[\w.-]{0,127}$/

/**
 * The full name of an image, as Kubernetes and containerd have it: `docker.io/library/nginx:latest` of `nginx`. Undefined
 * where it can be no name.
 */
export function fullReference(name: string): string | undefined {
  const at = name.indexOf('@')
  const named = at < 0 ? name : name.slice(0, at)
  const digest = at < 0 ? undefined : name.slice(at + 1)
  if (digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(digest)) return undefined
  const slash = named.indexOf('/')
  const first = named.slice(0, Math.max(slash, 0))
  const hasRegistry = slash > 0 && isRegistry(first)
  const registry = hasRegistry && first !== 'index.docker.io' ? first : 'docker.io'
  const rest = hasRegistry ? named.slice(slash + 1) : named
  const colon = rest.indexOf(':')
  const path = colon < 0 ? rest : rest.slice(0, colon)
  const tag = colon < 0 ? undefined : rest.slice(colon + 1)
  if (!PATH.test(path) || (tag !== undefined && !TAG.test(tag))) return undefined
  const whole = registry === 'docker.io' && !path.includes('/') ? `library/${path}` : path
  if (digest !== undefined) return `${registry}/${whole}@${digest}`
  return `${registry}/${whole}:${tag ?? 'latest'}`
}
