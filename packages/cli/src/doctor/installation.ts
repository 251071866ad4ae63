import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { hasErrorCode } from '@evenkeel/kernel'
import {
  canBind,
  claimantOf,
  findAbandonedNamespaces,
  findAbandonedProcesses,
  heldClaims,
  type Installation,
  loadInstallation,
  localPaths,
  OWN_CLUSTER,
  portClaim,
  staleClaims,
} from '@evenkeel/substrate-local'
import { openSubstrate, requireInstallation } from '../installation/index.ts'
import { errorLine } from '../terminal/index.ts'
import { type Finding, ok, problem, warning } from './finding.ts'
import { judgeClock, judgeModes } from './judge.ts'

/** A moment that any clock that goes right has behind it: when this was written. */
const WRITTEN_MS = Date.parse('2026-11-24T00:00:00Z')

/** Looks at the installation of a state folder, where there is one. */
export async function examineInstallation(home: string): Promise<Finding[]> {
  let installation: Installation | undefined
  try {
    installation = await loadInstallation(home)
  } catch (error) {
    const mend = 'restore installation.json from a backup, or use another EVENKEEL_HOME'
    return [problem('installation', errorLine(error), mend)]
  }
  if (installation === undefined) {
    return [
      judgeClock(Date.now(), { ms: WRITTEN_MS, what: 'this version was written' }),
      ok('installation', `none in ${home} yet`),
    ]
  }
  const secrets = await listSecrets(home)
  const newest = Math.max(Date.parse(installation.createdAt), ...secrets.map((file) => file.changedMs))
  return [
    judgeClock(Date.now(), { ms: newest, what: 'this installation last wrote something' }),
    await examineClaims(home, installation),
    await examineServicePort(home, installation),
    judgeModes(secrets, process.getuid?.() ?? 0),
  ]
}

async function examineClaims(home: string, { octet, servicePort }: Installation): Promise<Finding> {
  const claimant = claimantOf({ home })
  const held = await heldClaims(claimant)
  const detail = `127.${octet}.0.0/16 and port ${servicePort}`
  const missing = [`octet-${octet}`, portClaim(servicePort)].filter((name) => !held.includes(name))
  if (missing.length === 0) return ok('addresses', `${detail}, claimed for ${claimant.home}`)
  const mend = './evenkeel up claims them again, or says who has them'
  return problem('addresses', `${detail} are not claimed for ${claimant.home} (${missing.join(', ')})`, mend)
}

async function examineServicePort(home: string, { address, servicePort }: Installation): Promise<Finding> {
  const subject = 'service port'
  const where = `port ${servicePort} of ${address}`
  try {
    if (await canBind(address, servicePort)) return ok(subject, `${where} is free for the service`)
  } catch (error) {
    return problem(subject, errorLine(error), `give this machine the address ${address} again (ip address add)`)
  }
  const { instances } = await openSubstrate(await requireInstallation(home))
  const service = (await instances.observe(OWN_CLUSTER)).find(({ component }) => component === 'service')
  if (service?.pid !== undefined) return ok(subject, `${where} is the service's (pid ${service.pid})`)
  return problem(
    subject,
    `${where} is taken by another program`,
    `end it (ss -ltnp says who it is), then ./evenkeel up`,
  )
}

/** The state folder, and all folders and files of it that hold keys. */
async function listSecrets(home: string) {
  const { records, access, aws, kube, run, volumes, mirror, installationFile } = localPaths(home)
  const inside = await Promise.all([records, access, aws, kube, mirror].map(listTree))
  const paths = [home, run, volumes, installationFile, ...inside.flat()]
  const found = await Promise.all(
    paths.map(async (path) => {
      try {
        const { mode, uid, mtimeMs } = await stat(path)
        return { path, mode, ownerId: uid, changedMs: mtimeMs }
      } catch (error) {
        if (hasErrorCode(error, 'ENOENT')) return undefined
        throw error
      }
    }),
  )
  return found.filter((file) => file !== undefined)
}

async function listTree(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true })
    return [folder, ...entries.map((name) => join(folder, name))]
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return []
    throw error
  }
}

/** What installations have left on this machine whose state folder was removed without `destroy`. */
export async function examineLeftovers(): Promise<Finding[]> {
  const claims = await staleClaims()
  const abandoned = [...(await findAbandonedProcesses())]
  const namespaces = await findAbandonedNamespaces()
  return [
    claims.length === 0
      ? ok('claims', 'each belongs to an installation that is there')
      : warning(
          'claims',
          `${claims.length} of installations that are gone`,
          `the next ./evenkeel up removes those that you may remove; as root: rm ${claims.map(({ folder, name }) => join(folder, name)).join(' ')}`,
        ),
    ...(namespaces.length === 0
      ? []
      : [
          warning(
            'namespaces',
            `${namespaces.length} of networks of installations that are gone`,
            `as root, once their programs have ended: ${namespaces.map((name) => `ip netns del ${name}`).join('; ')}`,
          ),
        ]),
    ...(abandoned.length === 0 ? [ok('programs', 'none of installations that are gone')] : []),
    ...abandoned.map(([home, pids]) =>
      problem(
        'programs',
        `${pids.length} still run for ${home}, which was removed without ./evenkeel destroy`,
        `kill -KILL ${pids.join(' ')}`,
      ),
    ),
  ]
}
