import { randomBytes, randomInt } from 'node:crypto'
import { ensureFolder } from '@evenkeel/kernel'
import { SubstrateFault } from '@evenkeel/substrate'
import { withDiskFaults } from '../disk-faults.ts'
import { type Installation, loadInstallation, recordInstallation } from './installation.ts'
import { type Claimant, sweepClaims } from './machine-claims.ts'
import { discardRunOfEarlierStart } from './machine-start.ts'
import { claimOctet, reclaimOctet } from './octet.ts'
import { realPaths } from './opening.ts'
import { localPaths, ZONES } from './paths.ts'
import { claimServicePort, reclaimServicePort } from './ports.ts'

/** What may be chosen when an installation is made; what is not given is claimed or has its default. */
export interface InstallationWishes {
  readonly home: string
  /** 127.0.0.1 unless given; fixed for the life of the installation. */
  readonly address?: string
  readonly servicePort?: number
  /** `local-1` unless given. */
  readonly region?: string
  /** Hosted clusters are to be simulated; they are real unless given. Fixed for the life of the installation, too. */
  readonly simulated?: true
  /** Where claims are kept; for tests. */
  readonly claimFolders?: readonly string[]
}

/**
 * The installation of a state folder: the one that is there, or a new one with its claims. Safe to repeat, to interrupt
 * and to run twice at once. Throws Conflict where a wish differs from what the installation is, NoCapacity.
 */
export async function prepareInstallation(
  wishes: InstallationWishes,
): Promise<{ readonly installation: Installation; readonly isNew: boolean }> {
  await ensureFolder(wishes.home, 0o700)
  const claimant = claimantOf(wishes)
  const paths = localPaths(wishes.home)
  for (const folder of [
    paths.run,
    paths.volumes,
    paths.records,
    paths.locks,
    paths.network,
    paths.logs,
    paths.access,
  ]) {
    await ensureFolder(folder, 0o700)
  }
  await sweepClaims(claimant)
  const there = await loadInstallation(wishes.home)
  if (there !== undefined) {
    refuseChange(there, wishes)
    await reclaimOctet(claimant, there.octet)
    await reclaimServicePort(claimant, there.servicePort)
    await withDiskFaults(paths.run, () => discardRunOfEarlierStart(realPaths(wishes.home)))
    return { installation: there, isNew: false }
  }
  const address = wishes.address ?? '127.0.0.1'
  const made: Installation = {
    version: 1,
    id: randomId(),
    octet: await claimOctet(claimant),
    region: wishes.region ?? 'local-1',
    accountId: Array.from({ length: 12 }, (_, digit) => randomInt(digit === 0 ? 1 : 0, 10)).join(''),
    zones: ZONES,
    address,
    servicePort: await claimServicePort(claimant, address, wishes.servicePort),
    ...(wishes.simulated === undefined ? {} : { simulated: wishes.simulated }),
    lockSecret: randomBytes(32).toString('hex'),
    createdAt: new Date().toISOString(),
  }
  const installation = await recordInstallation(wishes.home, made)
  refuseChange(installation, wishes)
  // Only now: what is not on record yet has no files, so that it is known for what it is.
  await withDiskFaults(paths.run, () => discardRunOfEarlierStart(realPaths(wishes.home)))
  return { installation, isNew: installation.id === made.id }
}

/** Who claims for a state folder: by its real path, so that two names of one folder are one. */
export function claimantOf(wishes: { home: string; claimFolders?: readonly string[] }): Claimant {
  const { home } = realPaths(wishes.home)
  return wishes.claimFolders === undefined ? { home } : { home, folders: wishes.claimFolders }
}

function refuseChange(installation: Installation, wishes: InstallationWishes): void {
  if (wishes.simulated === true && installation.simulated !== true) {
    throw new SubstrateFault(
      'Conflict',
      `${wishes.home} was made for real clusters, which cannot be simulated from now on: use another EVENKEEL_HOME`,
    )
  }
  for (const field of ['address', 'servicePort', 'region'] as const) {
    const wanted = wishes[field]
    if (wanted === undefined || wanted === installation[field]) continue
    throw new SubstrateFault(
      'Conflict',
      `${field} ${wanted} cannot be had: ${wishes.home} was made with ${installation[field]}, which endpoints, kubeconfigs and tokens of its clusters name; use another EVENKEEL_HOME`,
    )
  }
}

function randomId(): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz'
  const all = `${letters}0123456789`
  return Array.from({ length: 10 }, (_, at) => (at === 0 ? letters[randomInt(26)] : all[randomInt(36)])).join('')
}
