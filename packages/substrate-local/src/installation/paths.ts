import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { ClusterId, InstanceId, Place, Zone } from '@evenkeel/substrate'

/** The three zones of a local installation. */
export const ZONES: readonly Zone[] = ['a', 'b', 'c']
/** Every place where programs stand: a supervision tree each. */
export const PLACES: readonly Place[] = [...ZONES, 'region']

/** Id under which our own programs are instances. */
export const OWN_CLUSTER: ClusterId = 'evenkeel'

/** Every path below the state folder. Pure; asks no disk. */
export interface LocalPaths {
  readonly home: string
  readonly installationFile: string
  /** May be wiped at any time. */
  readonly run: string
  /** Scan folders of s6-svscan, one per place. */
  readonly trees: string
  /** Service folders, `<place>/<cluster>.<instance>`. */
  readonly services: string
  /** Rendered files, `<cluster>/<instance>`. */
  readonly clusters: string
  /** What authenticators read. */
  readonly authenticator: string
  readonly volumes: string
  readonly records: string
  /** OCI archives that all machines may read. */
  readonly images: string
  /** Files that programs and trees hold a lock on while they run. Outside of `run`: a new file would be a new lock. */
  readonly locks: string
  readonly network: string
  /** Held while private networks are changed. */
  readonly networkLock: string
  readonly logs: string
  readonly mirror: string
  readonly access: string
  /** Kubeconfigs of the home, by who uses them. */
  readonly serviceKubeconfig: string
  readonly keeperKubeconfig: string
  readonly adminKubeconfig: string
  readonly aws: string
  readonly kube: string
  filesOf(id: InstanceId): string
  /** Folder of `current` and the rotated files of one program's output. */
  logOf(id: InstanceId): string
  volumeOf(cluster: ClusterId, volume: string): string
}

/** `EVENKEEL_HOME`, or `.evenkeel` in the user's home. */
export function stateFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const given = environment['EVENKEEL_HOME']
  if (given === undefined || given === '') return join(environment['HOME'] || homedir(), '.evenkeel')
  if (!isAbsolute(given)) throw new Error(`EVENKEEL_HOME must be an absolute path, not ${JSON.stringify(given)}`)
  return given
}

export function localPaths(home: string): LocalPaths {
  const below = (...parts: string[]) => join(home, ...parts)
  return {
    home,
    installationFile: below('installation.json'),
    run: below('run'),
    trees: below('run', 'trees'),
    services: below('run', 'services'),
    clusters: below('run', 'clusters'),
    authenticator: below('run', 'authenticator'),
    volumes: below('volumes'),
    records: below('records'),
    images: below('images'),
    locks: below('locks'),
    network: below('network'),
    networkLock: below('locks', 'network'),
    logs: below('logs'),
    mirror: below('mirror'),
    access: below('access'),
    serviceKubeconfig: below('access', 'service.kubeconfig'),
    keeperKubeconfig: below('access', 'keeper.kubeconfig'),
    adminKubeconfig: below('access', 'admin.kubeconfig'),
    aws: below('aws'),
    kube: below('kube'),
    filesOf: (id) => below('run', 'clusters', id.cluster, id.name),
    logOf: (id) => below('logs', id.cluster, id.name),
    volumeOf: (cluster, volume) => below('volumes', cluster, volume),
  }
}
