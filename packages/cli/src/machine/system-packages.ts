import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { CommandError } from '../terminal/index.ts'

/** Debian's packages that we need, with the programs that show that they are there. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  s6: ['s6-svscan', 's6-setlock', 's6-log'],
  haproxy: ['haproxy'],
}

/** What clusters' own networks and their nodes take, which only root can make. */
const PACKAGES_OF_ROOT: Readonly<Record<string, readonly string[]>> = {
  iproute2: ['ip'],
  nftables: ['nft'],
  'util-linux': ['nsenter', 'unshare', 'flock', 'losetup'],
  mount: ['mount'],
  e2fsprogs: ['mkfs.ext4', 'e2fsck', 'resize2fs'],
}

/** Folders where they may be without being on PATH: Debian keeps HAProxy in /usr/sbin. */
const USUAL_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin', '/bin']

/** The absolute path of a program of the operating system, or nothing. */
export async function findSystemProgram(name: string, environment = process.env): Promise<string | undefined> {
  const folders = [...(environment['PATH'] ?? '').split(':').filter((folder) => folder !== ''), ...USUAL_FOLDERS]
  for (const folder of folders) {
    const path = join(folder, name)
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isThere) return path
  }
  return undefined
}

/** Names of the Debian packages that somebody needs. */
export function neededPackages(isRoot = process.getuid?.() === 0): readonly string[] {
  return Object.keys(isRoot ? { ...PACKAGES, ...PACKAGES_OF_ROOT } : PACKAGES)
}

/** Debian packages whose programs are not here, of those that are needed. */
export async function missingPackages(environment = process.env, isRoot = process.getuid?.() === 0): Promise<string[]> {
  const missing: string[] = []
  for (const [name, programs] of Object.entries(isRoot ? { ...PACKAGES, ...PACKAGES_OF_ROOT } : PACKAGES)) {
    const found = await Promise.all(programs.map((program) => findSystemProgram(program, environment)))
    if (found.includes(undefined)) missing.push(name)
  }
  return missing
}

/** The one line that installs packages. */
export function installLine(packages: readonly string[]): string {
  return `apt-get install -y --no-install-recommends ${packages.join(' ')}`
}

/** Throws unless missing packages can be installed by us: said before any work starts. */
export async function requireInstallable(packages: readonly string[]): Promise<void> {
  if (packages.length === 0) return
  const line = installLine(packages)
  if ((await findSystemProgram('apt-get')) === undefined) {
    throw new CommandError(
      `${packages.join(' and ')} must be installed, and there is no apt-get here: install them, then repeat`,
    )
  }
  if (process.getuid?.() !== 0) {
    throw new CommandError(
      `${packages.join(' and ')} must be installed, which only root may do: sudo ${line}, then repeat`,
    )
  }
}

/** Installs Debian packages, with fresh package lists where the ones that are here do not do. As root. */
export async function installPackages(packages: readonly string[], signal: AbortSignal): Promise<'installed'> {
  const install = () => runQuietly('apt-get', installLine(packages).split(' ').slice(1), signal)
  const first = await install()
  if (first === undefined) return 'installed'
  const update = await runQuietly('apt-get', ['update'], signal)
  const second = await install()
  if (second === undefined) return 'installed'
  throw new CommandError(
    `${installLine(packages)} failed: ${second}${update === undefined ? '' : `; apt-get update: ${update}`}`,
  )
}

/** Undefined when it went well, else the last line that it wrote. */
function runQuietly(command: string, args: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return new Promise((resolve, reject) => {
    execFile(command, args, { env, signal, maxBuffer: 16 * 1024 ** 2 }, (error, stdout, stderr) => {
      if (signal.aborted) reject(signal.reason)
      else if (error === null) resolve(undefined)
      else resolve(`${stdout}\n${stderr}`.trim().split('\n').at(-1) || error.message)
    })
  })
}
