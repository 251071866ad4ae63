/**
 * The first address of a Service range, which is that of the Service `kubernetes`: `10.100.0.0/16` gives `10.100.0.1`.
 * IPv4, or IPv6 in any of its usual forms.
 */
export function firstServiceAddress(cidr: string): string {
  return serviceAddress(cidr, 1n)
}

/** That of the cluster's DNS, the tenth as in EKS: `10.100.0.0/16` gives `10.100.0.10`. */
export function dnsServiceAddress(cidr: string): string {
  return serviceAddress(cidr, 10n)
}

function serviceAddress(cidr: string, offset: bigint): string {
  const [address = '', prefix = ''] = cidr.split('/')
  const isSix = address.includes(':')
  const bits = isSix ? 128 : 32
  const length = Number(prefix)
  const number = isSix ? parseSix(address) : parseFour(address)
  if (number === undefined || prefix === '' || !Number.isInteger(length) || length < 0 || length > bits - 2) {
    throw new Error(`"${cidr}" is not a range of Service addresses: write it like 10.100.0.0/16`)
  }
  const hostBits = BigInt(bits - length)
  const wanted = ((number >> hostBits) << hostBits) + offset
  return isSix ? formatSix(wanted) : formatFour(wanted)
}

function parseFour(text: string): bigint | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || parts.some((part) => !/^\d{1,3}$/.test(part) || Number(part) > 255)) {
    return undefined
  }
  return parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n)
}

function formatFour(number: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (number >> shift) & 255n).join('.')
}

function parseSix(text: string): bigint | undefined {
  const halves = text.split('::')
  const words = halves.map((half) => (half === '' ? [] : half.split(':')))
  const [head = [], tail = []] = words
  const missing = 8 - head.length - tail.length
  const all = halves.length === 2 ? [...head, ...Array<string>(Math.max(missing, 0)).fill('0'), ...tail] : head
  if (halves.length > 2 || all.length !== 8 || all.some((word) => !/^[0-9a-f]{1,4}$/i.test(word))) {
    return undefined
  }
  return all.reduce((sum, word) => sum * 65536n + BigInt(`0x${word}`), 0n)
}

function formatSix(number: bigint): string {
  const words = Array.from({ length: 8 }, (_, index) => (number >> BigInt(112 - 16 * index)) & 65535n)
  // The URL parser knows the canonical form.
  return new URL(`http://[${words.map((word) => word.toString(16)).join(':')}]`).hostname.slice(1, -1)
}
