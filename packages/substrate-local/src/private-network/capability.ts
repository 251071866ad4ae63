import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { ALL_BLOCKS } from './addresses.ts'
import { parseRoutes, readRoutes } from './routes.ts'
import { runScript } from './run-script.ts'
import { TRIAL_COMMAND, trialScript } from './scripts.ts'

/** Programs that networks are made with, and the Debian packages that have them. */
const PROGRAMS = { ip: 'iproute2', nft: 'nftables', nsenter: 'util-linux', unshare: 'util-linux', flock: 'util-linux' }
const FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin', '/bin']

/** Why this machine cannot have private networks; undefined where it can, which was tried. */
export async function whyNoPrivateNetworks(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'only root can make private networks'
  const found = await Promise.all(Object.keys(PROGRAMS).map(isInstalled))
  const missing = Object.values(PROGRAMS).filter((_, at) => found[at] === false)
  if (missing.length > 0) return `not installed: ${[...new Set(missing)].join(', ')}`
  const elsewhere = parseRoutes(await readRoutes()).find(({ covers }) => covers(ALL_BLOCKS))
  if (elsewhere !== undefined) {
    return `the addresses of private networks (${ALL_BLOCKS}) lead elsewhere on this machine: ${elsewhere.text}`
  }
  const { ok, said } = await runScript(TRIAL_COMMAND, trialScript())
  return ok ? undefined : `a trial failed: ${said}`
}

async function isInstalled(program: string): Promise<boolean> {
  const looks = await Promise.all(
    FOLDERS.map((folder) =>
      access(join(folder, program), constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  )
  return looks.includes(true)
}
