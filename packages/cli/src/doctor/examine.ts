import { stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { checkSources, defaultRelease, storeRoot } from '@evenkeel/distribution'
import { hasErrorCode } from '@evenkeel/kernel'
import { floorBytesOf, localPaths, stateFolder } from '@evenkeel/substrate-local'
import { findSystemProgram, installLine, missingPackages, requestFor, requireObtainable } from '../machine/index.ts'
import { errorLine } from '../terminal/index.ts'
import { type Finding, ok, problem, warning } from './finding.ts'
import { examineInstallation, examineLeftovers } from './installation.ts'
import { type Disk, judgeDisk, judgeFileSystem } from './judge.ts'
import { examineKernel } from './machine.ts'

/** Looks at the machine, and at the installation where there is one. Changes nothing. */
export async function examineMachine(signal: AbortSignal): Promise<Finding[]> {
  const home = stateFolder()
  const groups = await Promise.all([
    [ok('node', process.version)],
    examinePackages(),
    examineSources(signal),
    examineDisks(home),
    examineKernel(),
    examineInstallation(home),
    examineLeftovers(),
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
  const { volumes } = localPaths(home)
  const [state, volumesDisk, store] = await Promise.all([home, volumes, storeRoot()].map(readDisk))
  const floorBytes = floorBytesOf(process.env)
  const judged = [
    ...(state === undefined ? [] : [judgeDisk('state', state, floorBytes), judgeFileSystem(state)]),
    // Told only where it is a disk of its own.
    ...(volumesDisk === undefined || volumesDisk.device === state?.device
      ? []
      : [judgeDisk('volumes', volumesDisk, floorBytes), judgeFileSystem(volumesDisk)]),
    ...(store === undefined ? [] : [judgeDisk('store', store, 0)]),
  ]
  return judged
}

/** The disk where a folder is, or will be. */
async function readDisk(folder: string): Promise<(Disk & { readonly device: number }) | undefined> {
  for (let there = folder; ; there = dirname(there)) {
    try {
      const [{ bavail, bsize, files, ffree, type }, { dev }] = await Promise.all([statfs(there), stat(there)])
      // Some file systems (btrfs) make inodes as they need them, and count none.
      const freeFiles = files === 0 ? undefined : ffree
      return { folder, freeBytes: bavail * bsize, freeFiles, type, device: dev }
    } catch (error) {
      if (!hasErrorCode(error, 'ENOENT', 'ENOTDIR')) throw error
      if (dirname(there) === there) return undefined
    }
  }
}

async function examineAwsCli(): Promise<Finding[]> {
  const path = await findSystemProgram('aws')
  return path === undefined
    ? [warning('aws', 'there is no AWS CLI', 'pipx install awscli; ./evenkeel cluster needs none')]
    : [ok('aws', path)]
}
