import { join } from 'node:path'
import type { ClusterId, InstanceId, Place } from '@evenkeel/substrate'
import { type LocalPaths, PLACES } from '../installation/index.ts'
import { scanFolderOf } from '../supervision/index.ts'

/** Name of an instance's service folder and of its lock. */
export function serviceNameOf(id: InstanceId): string {
  return `${id.cluster}.${id.name}`
}

/** Of which form names of instances are: by it an instance host knows those that are its own. */
export interface NameForm {
  /** Parts between dots. */
  readonly parts: number
}

/** Programs of clusters. */
export const INSTANCE_NAMES: NameForm = { parts: 1 }
/** Programs of machines: `<machine>.<program>`. */
export const MACHINE_PROGRAM_NAMES: NameForm = { parts: 2 }

/** Inverse of `serviceNameOf`; undefined for names of something else. */
export function parseServiceName(name: string, form: NameForm): InstanceId | undefined {
  const [cluster, ...parts] = name.split('.')
  if (!cluster || parts.length !== form.parts || parts.includes('')) return undefined
  // Of a logger is the lock of that name.
  return parts.length > 1 && parts.at(-1) === LOG ? undefined : { cluster, name: parts.join('.') }
}

export function requireIdentifiers(id: InstanceId, form: NameForm): void {
  const parts = id.name.split('.')
  for (const part of [id.cluster, ...parts]) requireIdentifier(part)
  if (parts.length === form.parts && (parts.length === 1 || parts.at(-1) !== LOG)) return
  throw new Error(`${JSON.stringify(id.name)} is not of the form of a name here`)
}

const LOG = 'log'

/** Ids and names become parts of paths. */
export function requireIdentifier(name: string | ClusterId): void {
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) {
    throw new Error(`${JSON.stringify(name)} is no name: lower-case letters, digits and dashes, at most 63`)
  }
}

export function requirePlace(place: Place): void {
  if (!PLACES.includes(place)) throw new Error(`there is no place ${JSON.stringify(place)}: ${PLACES.join(', ')}`)
}

export function serviceFolderOf(paths: LocalPaths, at: InstanceId & { readonly place: Place }): string {
  return join(paths.services, at.place, serviceNameOf(at))
}

export function scanLinkOf(paths: LocalPaths, at: InstanceId & { readonly place: Place }): string {
  return join(scanFolderOf(paths, at.place), serviceNameOf(at))
}

/** Control FIFO of the s6-supervise of a service folder. */
export function controlOf(serviceFolder: string): string {
  return join(serviceFolder, 'supervise', 'control')
}

/** Held by the program for as long as it lives. */
export function instanceLockOf(paths: LocalPaths, id: InstanceId): string {
  return join(paths.locks, serviceNameOf(id))
}

export function loggerLockOf(paths: LocalPaths, id: InstanceId): string {
  return join(paths.locks, `${serviceNameOf(id)}.${LOG}`)
}
