import { SubstrateFault } from '@evenkeel/substrate'
import { type Claimant, canBind, heldClaims, releaseClaims, tryClaim } from './machine-claims.ts'

const LAST_OCTET = 254

/** Ports of which each cluster has one at its addresses; a fresh octet is good only where they can be bound. */
const PORTS = [2379, 6443]

/** So many octets with the same port taken mean that somebody listens on all addresses. */
const TAKEN_EVERYWHERE = 3

/** Addresses of octet O are 127.O.0.0/16. Octet 0 holds the machine's own 127.0.0.1. */
export function octetAddress(octet: number, place: number, slot: number): string {
  return `127.${octet}.${place}.${slot}`
}

/**
 * The octet that this installation holds, or a free one, claimed machine-wide: kept until `releaseClaims`, taken over
 * only when the state folder that it names is gone. Throws NoCapacity.
 */
export async function claimOctet(claimant: Claimant): Promise<number> {
  const held = (await heldClaims(claimant)).map((name) => /^octet-(\d+)$/.exec(name)?.[1]).find(Boolean)
  if (held !== undefined) return Number(held)
  const busy = new Map<number, number>()
  try {
    for (let octet = 1; octet <= LAST_OCTET; octet += 1) {
      if (!(await tryClaim(claimant, `octet-${octet}`)).taken) continue
      const port = await findBusyPort(octet)
      if (port === undefined) return octet
      busy.set(octet, port)
      if (busy.size < TAKEN_EVERYWHERE || new Set(busy.values()).size > 1) continue
      throw new SubstrateFault(
        'NoCapacity',
        `TCP port ${port} is taken on every loopback address: end the program that listens on all addresses (ss -ltnp), then try again`,
      )
    }
  } finally {
    await releaseClaims(
      claimant,
      [...busy.keys()].map((octet) => `octet-${octet}`),
    )
  }
  throw new SubstrateFault(
    'NoCapacity',
    'all 254 loopback networks 127.x.0.0/16 are claimed by installations: remove one with ./evenkeel destroy',
  )
}

/** Makes sure that the octet of an installation that exists is still its own. Throws Conflict. */
export async function reclaimOctet(claimant: Claimant, octet: number): Promise<void> {
  const claim = await tryClaim(claimant, `octet-${octet}`)
  if (claim.taken) return
  throw new SubstrateFault(
    'Conflict',
    `the addresses 127.${octet}.0.0/16 of ${claimant.home} were claimed by the installation ${claim.by}: remove one of the two`,
  )
}

async function findBusyPort(octet: number): Promise<number | undefined> {
  for (const port of PORTS) {
    if (!(await canBind(octetAddress(octet, 0, 1), port))) return port
  }
  return undefined
}
