import { readdir, readFile, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { checkSources, defaultRelease, storeRoot } from '@evenkeel/distribution'
import { hasErrorCode } from '@evenkeel/kernel'
import {
  type Claimant,
  claimantOf,
  heldClaims,
  loadInstallation,
  localPaths,
  MACHINE_FOLDERS,
  stateFolder,
} from '@evenkeel/substrate-local'
import { findSystemProgram, installLine, missingPackages, requestFor, requireObtainable } from '../machine/index.ts'
import { errorLine } from '../terminal/index.ts'
import { type Finding, ok, problem, warning } from './finding.ts'
import {
  judgeClock,
  judgeDisk,
  judgeMemory,
  judgeModes,
  judgeOpenFiles,
  readAvailableMemory,
  readOpenFilesLimit,
} from './judge.ts'

/** A moment that any clock that goes right has behind it: when this was written. */
const WRITTEN_MS = Date.parse('2026-11-24T00:00:00Z')

/** Looks at the machine, and at the installation where there is one. */
export async function examineMachine(signal: AbortSignal): Promise<Finding[]> {
  const home = stateFolder()
  const groups = await Promise.all([
    [ok('node', process.version)],
    examinePackages(),
    examineSources(signal),
    examineDisks(home),
    examineKernel(),
    examineInstallation(home),
    examineClaims(),
    examineAwsCli(),
  ])
  return groups.flat()
}

async function examinePackages(): Promise<Finding[]> {
  const missing = await missingPackages()
  return ['s6', 'haproxy'].map((name) =>
    missing.includes(name) ? problem(name, 'not installed', `as root: ${installLine([name])}`) : ok(name, 'installed'),
  )
}

async function examineSources(signal: AbortSignal): Promise<Finding[]> {
  const checks = await checkSources(requestFor(defaultRelease()), { signal })
  const groups = [...Map.groupBy(checks, (check) => `${check.set} ${check.version}`)]
  return groups.map(([subject, lines]) => {
    const usable = lines.find((line) => line.isUsable)
    if (usable !== undefined) return ok(subject, `${usable.source}: ${usable.detail}`)
    try {
      requireObtainable(lines)
    } catch (error) {
      return problem(subject, 'can be had from nowhere', errorLine(error))
    }
    return ok(subject, 'can be had')
  })
}

async function examineDisks(home: string): Promise<Finding[]> {
  const [state, store] = await Promise.all([freeBytes(home), freeBytes(storeRoot())])
  return [judgeDisk('state', state), judgeDisk('store', store)]
}

/** Free space where a folder is, or will be. */
async function freeBytes(folder: string): Promise<{ bytes: number; folder: string }> {
  let there = folder
  for (;;) {
    try {
      const { bavail, bsize } = await statfs(there)
      return { bytes: bavail * bsize, folder }
    } catch (error) {
      if (!hasErrorCode(error, 'ENOENT') || dirname(there) === there) throw error
      there = dirname(there)
    }
  }
}

async function examineKernel(): Promise<Finding[]> {
  const memory = readAvailableMemory(await readFile('/proc/meminfo', 'utf8'))
  const openFiles = readOpenFilesLimit(await readFile('/proc/self/limits', 'utf8'))
  return [
    ...(memory === undefined ? [] : [judgeMemory(memory)]),
    ...(openFiles === undefined ? [] : [judgeOpenFiles(openFiles)]),
  ]
}

async function examineInstallation(home: string): Promise<Finding[]> {
  let installation: Awaited<ReturnType<typeof loadInstallation>>
  try {
    installation = await loadInstallation(home)
  } catch (error) {
    return [
      problem(
        'installation',
        errorLine(error),
        'restore installation.json from a backup, or use another EVENKEEL_HOME',
      ),
    ]
  }
  if (installation === undefined) {
    return [
      judgeClock(Date.now(), { ms: WRITTEN_MS, what: 'this version was written' }),
      ok('installation', `none in ${home} yet`),
    ]
  }
  const past = { ms: Date.parse(installation.createdAt), what: 'this installation was made' }
  const claimant = await claimantOf({ home })
  return [
    judgeClock(Date.now(), past),
    await examineOctet(claimant, installation.octet),
    judgeModes(await secretFiles(home), process.getuid?.() ?? 0),
  ]
}

async function examineOctet(claimant: Claimant, octet: number): Promise<Finding> {
  const subject = 'addresses'
  const detail = `127.${octet}.0.0/16`
  return (await heldClaims(claimant)).includes(`octet-${octet}`)
    ? ok(subject, `${detail}, claimed for ${claimant.home}`)
    : problem(
        subject,
        `${detail} is not claimed for ${claimant.home}`,
        './evenkeel up claims it again, or says who has it',
      )
}

/** The state folder, its folders and the files that hold keys. */
async function secretFiles(home: string) {
  const paths = localPaths(home)
  const folders = [home, paths.records, paths.access, paths.aws, paths.kube, paths.run, paths.volumes]
  const files = [paths.installationFile, paths.adminKubeconfig, join(paths.aws, 'credentials')]
  const found = await Promise.all(
    [...folders, ...files].map(async (path) => {
      try {
        const { mode, uid } = await stat(path)
        return { path, mode, ownerId: uid }
      } catch (error) {
        if (hasErrorCode(error, 'ENOENT')) return undefined
        throw error
      }
    }),
  )
  return found.filter((file) => file !== undefined)
}

/** Claims of installations whose state is gone: harmless, and taken over when they are needed. */
async function examineClaims(): Promise<Finding[]> {
  const stale: string[] = []
  for (const folder of MACHINE_FOLDERS) {
    for (const name of await namesIn(folder)) {
      // A claim is a link to the state folder that holds it.
      const path = join(folder, name)
      const isGone = await stat(path).then(
        () => false,
        (error: unknown) => hasErrorCode(error, 'ENOENT'),
      )
      if (isGone) stale.push(path)
    }
  }
  if (stale.length === 0) return [ok('claims', 'each belongs to an installation that is there')]
  return [
    warning(
      'claims',
      `${stale.length} of installations that are gone`,
      `rm ${stale.join(' ')} (or leave them: they are taken over when needed)`,
    ),
  ]
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return []
    throw error
  }
}

async function examineAwsCli(): Promise<Finding[]> {
  const path = await findSystemProgram('aws')
  return path === undefined
    ? [warning('aws', 'there is no AWS CLI', 'pipx install awscli; ./evenkeel cluster needs none')]
    : [ok('aws', path)]
}
