import { isIP } from 'node:net'
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { isLoopback } from '@evenkeel/substrate-local'
import { CommandError, EXIT, formatList } from '../terminal/index.ts'

export interface WantedAddress {
  readonly address: string
  /** Whether the installation has been at it before: certificates and endpoints name it. */
  readonly isKept: boolean
}

/** Throws unless this machine can be reached at the address, and says what to do. */
export function requireOwnAddress(
  { address, isKept }: WantedAddress,
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces(),
): void {
  const usage = { exitStatus: EXIT.usage }
  if (isIP(address) === 0) {
    throw new CommandError(`--address ${address}: give an IP address of this machine (ip -brief address)`, usage)
  }
  if (/^[0.:]+$/.test(address)) {
    throw new CommandError(
      `--address ${address} means all addresses, and certificates have to name one: give the one that other machines use`,
      usage,
    )
  }
  if (isLoopback(address)) return
  const own = Object.values(interfaces)
    .flatMap((infos) => infos ?? [])
    .filter(({ internal }) => !internal)
  if (own.some((info) => info.address === address)) return
  if (isKept) {
    throw new CommandError(
      `${address}, which the certificates and endpoints of this installation name, is no address of this machine any more: give it back (ip address add ${address}/32 dev ...), then repeat`,
    )
  }
  const known = own.map((info) => info.address)
  const others = known.length === 0 ? 'it has none but loopback' : `it has ${formatList(known)}`
  throw new CommandError(`--address ${address} is no address of this machine: ${others}`)
}
