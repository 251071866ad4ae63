import { checkSources, defaultRelease, storeRoot } from '@evenkeel/distribution'
import {
  floorBytesOf,
  localPaths,
  stateFolder,
  whatMachinesLack,
  whyNoPrivateNetworks,
} from '@evenkeel/substrate-local'
import {
  findSystemProgram,
  installLine,
  missingPackages,
  neededPackages,
  readDisk,
  requestFor,
  requireObtainable,
} from '../machine/index.ts'
import { errorLine } from '../terminal/index.ts'
import { type Finding, ok, problem, warning } from './finding.ts'
import { examineInstallation, examineLeftovers } from './installation.ts'
import { judgeDisk, judgeFileSystem, judgeNetworks } from './judge.ts'
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
    examineMachines(),
    examineNetworks(),
    examineInstallation(home),
    examineLeftovers(),
    examineAwsCli(),
  ])
  return groups.flat()
}

async function examinePackages(): Promise<Finding[]> {
  const missing = await missingPackages()
  return neededPackages().map((name) =>
    missing.includes(name) ? problem(name, 'not installed', `as root: ${installLine([name])}`) : ok(name, 'installed'),
  )
}

/** Without them clusters work, and have no nodes. */
async function examineNetworks(): Promise<Finding[]> {
  return [judgeNetworks(await whyNoPrivateNetworks())]
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
  const floorBytes = floorBytesOf(process.env)
  const [state, volumes, store] = await Promise.all([
    readDisk(home),
    readDisk(localPaths(home).volumes),
    readDisk(storeRoot()),
  ])
  return [
    judgeDisk('state', state, floorBytes),
    judgeFileSystem(state),
    // Told only where it is a disk of its own.
    ...(volumes.device === state.device ? [] : [judgeDisk('volumes', volumes, floorBytes), judgeFileSystem(volumes)]),
    judgeDisk('store', store, 0),
  ]
}

/** Whether clusters can have nodes that run containers: nobody is made to have any. */
async function examineMachines(): Promise<Finding[]> {
  const lacks = await whatMachinesLack()
  if (lacks.length === 0) return [ok('nodes', 'this machine can be made into nodes that run containers')]
  return lacks.map(({ what, mend }) => warning('nodes', `none that run containers: this machine lacks ${what}`, mend))
}

async function examineAwsCli(): Promise<Finding[]> {
  const path = await findSystemProgram('aws')
  return path === undefined
    ? [warning('aws', 'there is no AWS CLI', 'pipx install awscli; ./evenkeel cluster needs none')]
    : [ok('aws', path)]
}
