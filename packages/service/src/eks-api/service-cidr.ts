/** As AWS documents it for `serviceIpv4Cidr`. */
export const SERVICE_CIDR_RULE = 'a network of /12 to /24 within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16'

const PRIVATE_NETWORKS = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map((cidr) => parseCidr(cidr))

/** Whether Services of a cluster may have their addresses from there. Host bits must be zero, as kube-apiserver wants. */
export function isServiceCidr(text: string): boolean {
  const network = parseCidr(text)
  if (network === undefined || network.prefix < 12 || network.prefix > 24) return false
  if (network.address % 2 ** (32 - network.prefix) !== 0) return false
  return PRIVATE_NETWORKS.some(
    (allowed) =>
      allowed !== undefined &&
      network.prefix >= allowed.prefix &&
      Math.floor(network.address / 2 ** (32 - allowed.prefix)) === allowed.address / 2 ** (32 - allowed.prefix),
  )
}

function parseCidr(text: string): { readonly address: number; readonly prefix: number } | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text)
  if (match === null) return undefined
  const numbers = match.slice(1)
  // 010 is 8 to some parsers and 10 to others.
  if (numbers.some((number) => number !== String(Number(number)))) return undefined
  const [a = 0, b = 0, c = 0, d = 0, prefix = 0] = numbers.map(Number)
  if ([a, b, c, d].some((part) => part > 255) || prefix > 32) return undefined
  return { address: ((a * 256 + b) * 256 + c) * 256 + d, prefix }
}
