import { runScript } from './run-script.ts'

/** Where addresses lead on this machine, other than to private networks of ours. */
export interface Route {
  /** As `ip route` has it. */
  readonly text: string
  /** Whether it is for all addresses of a range. */
  covers(cidr: string): boolean
  /** Whether it is for any of them. */
  meets(cidr: string): boolean
}

/** All routes and local addresses, as text. */
export async function readRoutes(): Promise<string> {
  return (await runScript(['sh', '-c'], 'ip -4 -o route show table all')).said
}

/** Lines such as `local 10.0.0.1 dev eth0 table local proto kernel` or `100.64.0.0/10 dev wg0`. Pure. */
export function parseRoutes(text: string): readonly Route[] {
  return text.split('\n').flatMap((line): Route[] => {
    const found = /^(?:[a-z]+ )?(\d+\.\d+\.\d+\.\d+)(?:\/(\d+))?\s/.exec(`${line} `)
    if (found === null || / dev ek\d+-\d+ /.test(`${line} `)) return []
    const range = rangeOf(found[1] ?? '', Number(found[2] ?? 32))
    return [
      {
        text: line.trim(),
        covers: (cidr) => range.first <= parseCidr(cidr).first && parseCidr(cidr).last <= range.last,
        meets: (cidr) => range.first <= parseCidr(cidr).last && parseCidr(cidr).first <= range.last,
      },
    ]
  })
}

function parseCidr(cidr: string) {
  const [address = '', length = '32'] = cidr.split('/')
  return rangeOf(address, Number(length))
}

function rangeOf(address: string, length: number) {
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const size = 2 ** (32 - length)
  const first = Math.floor(number / size) * size
  return { first, last: first + size - 1 }
}
