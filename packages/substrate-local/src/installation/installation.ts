import { link, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureFolder, hasErrorCode, readFileIfThere, syncFolder, writeFileAtomic } from '@evenkeel/kernel'
import { SubstrateFault, type Zone } from '@evenkeel/substrate'
import { withDiskFaults } from '../disk-faults.ts'
import { localPaths } from './paths.ts'

/** What an installation is, decided once and kept in installation.json (mode 0600). */
export interface Installation {
  /** Layout of the state folder. */
  readonly version: 1
  /** Ten characters, a to z and 0 to 9. */
  readonly id: string
  /** Second byte of its loopback addresses, 1 to 254, claimed machine-wide. */
  readonly octet: number
  /** Such as `local-1`. */
  readonly region: string
  /** Twelve digits. */
  readonly accountId: string
  readonly zones: readonly Zone[]
  /** Where the EKS API and the clusters' endpoints are served. */
  readonly address: string
  readonly servicePort: number
  /** Hosted clusters are simulated: for trying and measuring. Absent: they are real. */
  readonly simulated?: true
  /** Names of locks are derived from it, so that nobody else can guess them. */
  readonly lockSecret: string
  /** RFC 3339. */
  readonly createdAt: string
}

/** Undefined where the state folder holds no installation yet. */
export async function loadInstallation(home: string): Promise<Installation | undefined> {
  const file = localPaths(home).installationFile
  const text = await readFileIfThere(file)
  return text === undefined ? undefined : parseInstallation(text, file)
}

/** Writes it down unless there is one already; answers the one that is on disk afterwards. */
export async function recordInstallation(home: string, installation: Installation): Promise<Installation> {
  const file = localPaths(home).installationFile
  await ensureFolder(home, 0o700)
  const draft = join(home, `.installation.${installation.id}.tmp`)
  await withDiskFaults(file, async () => {
    try {
      await writeFileAtomic(draft, `${JSON.stringify(installation, undefined, 2)}\n`, { durable: true })
      // A link, not a rename: the first of two that start at once wins, and the other takes up what it finds.
      await link(draft, file)
      await syncFolder(home)
    } catch (error) {
      if (!hasErrorCode(error, 'EEXIST')) throw error
    } finally {
      await rm(draft, { force: true })
    }
  })
  return parseInstallation(await readFile(file, 'utf8'), file)
}

/** Whether an address is this machine's own. */
export function isLoopback(address: string): boolean {
  return /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address) || address === '::1'
}

function parseInstallation(text: string, file: string): Installation {
  const broken = (what: string, cause?: unknown) =>
    new SubstrateFault('Conflict', `${file} is no installation of this version: ${what}; restore it from a backup`, {
      cause,
    })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw broken('it is not JSON', error)
  }
  if (typeof value !== 'object' || value === null) throw broken('it is not an object')
  const found = value as Record<string, unknown>
  for (const [field, isRight] of Object.entries(FIELDS)) {
    if (!isRight(found[field])) throw broken(`its ${field} is ${found[field] === undefined ? 'missing' : 'wrong'}`)
  }
  return value as Installation
}

const isText = (pattern: RegExp) => (value: unknown) => typeof value === 'string' && pattern.test(value)
const isWhole = (least: number, most: number) => (value: unknown) =>
  Number.isInteger(value) && Number(value) >= least && Number(value) <= most

const FIELDS: Record<keyof Installation, (value: unknown) => boolean> = {
  version: (value) => value === 1,
  id: isText(/^[a-z][a-z0-9]{9}$/),
  octet: isWhole(1, 254),
  region: isText(/^[a-z0-9-]{1,32}$/),
  accountId: isText(/^\d{12}$/),
  zones: (value) => Array.isArray(value) && value.length > 0 && value.every(isText(/^[a-z]$/)),
  address: isText(/^[0-9A-Fa-f.:]+$/),
  servicePort: isWhole(1, 65535),
  lockSecret: isText(/^[0-9a-f]{32,}$/),
  simulated: (value) => value === undefined || value === true,
  createdAt: isText(/^\d{4}-\d{2}-\d{2}T/),
}
