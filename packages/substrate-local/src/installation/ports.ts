import { SubstrateFault } from '@evenkeel/substrate'
import { type Claimant, canBind, heldClaims, tryClaim } from './machine-claims.ts'

/** Where a port of the service is looked for when none is asked for. */
const SERVICE_PORTS = { first: 7443, last: 7699 }
/** Where endpoints share one address, each cluster's is at a port of these. */
export const ENDPOINT_PORTS = { first: 16443, last: 19999 }

/**
 * A TCP port for the service, claimed machine-wide: `wanted`, or one that this installation holds already, or the first
 * free one. Throws Conflict (`wanted` is somebody else's) or NoCapacity.
 */
export async function claimServicePort(claimant: Claimant, address: string, wanted?: number): Promise<number> {
  if (wanted !== undefined) {
    const claim = await tryClaim(claimant, portClaim(wanted))
    if (!claim.taken) {
      throw new SubstrateFault('Conflict', `port ${wanted} belongs to the installation ${claim.by}: choose another`)
    }
    if (await canBind(address, wanted)) return wanted
    throw new SubstrateFault('Conflict', `port ${wanted} of ${address} is in use (ss -ltnp): choose another`)
  }
  return await claimPort(claimant, address, SERVICE_PORTS)
}

/** Makes sure that the service's port of an installation that exists is still its own. Throws Conflict. */
export async function reclaimServicePort(claimant: Claimant, port: number): Promise<void> {
  const claim = await tryClaim(claimant, portClaim(port))
  if (claim.taken) return
  throw new SubstrateFault(
    'Conflict',
    `port ${port} of ${claimant.home} was claimed by the installation ${claim.by}: remove one of the two`,
  )
}

/** A TCP port for the endpoint of one cluster, where endpoints share an address; `taken` are those of the others. */
export async function claimEndpointPort(
  claimant: Claimant,
  address: string,
  taken: readonly number[],
): Promise<number> {
  return await claimPort(claimant, address, ENDPOINT_PORTS, taken)
}

export function portClaim(port: number): string {
  return `port-${port}`
}

async function claimPort(
  claimant: Claimant,
  address: string,
  range: { readonly first: number; readonly last: number },
  taken: readonly number[] = [],
): Promise<number> {
  const held = (await heldClaims(claimant)).map((name) => Number(/^port-(\d+)$/.exec(name)?.[1]))
  const free = Array.from({ length: range.last - range.first + 1 }, (_, index) => range.first + index).filter(
    (port) => !taken.includes(port),
  )
  for (const port of [...free.filter((port) => held.includes(port)), ...free.filter((port) => !held.includes(port))]) {
    if (!(await canBind(address, port))) continue
    if ((await tryClaim(claimant, portClaim(port))).taken) return port
  }
  throw new SubstrateFault('NoCapacity', `no port between ${range.first} and ${range.last} is free at ${address}`)
}
