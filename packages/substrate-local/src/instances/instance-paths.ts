import { join } from 'node:path'
import type { ClusterId, InstanceId, Place } from '@evenkeel/substrate'
import { type LocalPaths, PLACES } from '../installation/index.ts'
import { scanFolderOf } from '../supervision/index.ts'

/** Name of an instance's service folder and of its lock. Neither part may hold a dot. */
export function serviceNameOf(id: InstanceId): string {
  return `${id.cluster}.${id.name}`
}

/** Inverse of `serviceNameOf`; undefined for names of something else. */
export function parseServiceName(name: string): InstanceId | undefined {
  const [cluster, instance, ...rest] = name.split('.')
  return cluster === undefined || !cluster || !instance || rest.length > 0 ? undefined : { cluster, name: instance }
}

export function requireIdentifiers(id: InstanceId): void {
  for (const part of [id.cluster, id.name]) requireIdentifier(part)
}

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
  return join(paths.locks, `${serviceNameOf(id)}.log`)
}
