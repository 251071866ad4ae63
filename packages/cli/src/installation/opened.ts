import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { programPath, storeRoot } from '@evenkeel/distribution'
import { KubeClient, readFileIfThere } from '@evenkeel/kernel'
import {
  createProgramResolver,
  type Installation,
  isLoopback,
  type LocalPaths,
  type LocalSubstrate,
  loadInstallation,
  localPaths,
  openLocalSubstrate,
  serviceTlsFiles,
  stateFolder,
} from '@evenkeel/substrate-local'
import { type AccessKey, clientFiles, readAccessKey } from '../access/index.ts'
import type { EksAccess } from '../cluster/index.ts'
import { CommandError } from '../terminal/index.ts'
import { SOURCE_ROOT } from './revision.ts'

/** The launcher at the root of the repository: what people and kubectl call. */
export const LAUNCHER = join(SOURCE_ROOT, 'evenkeel')

/** Slot of the installation's own programs: the last byte of their addresses. */
export const OWN_SLOT = 1

/** An installation that is there, and what commands reach it by. */
export interface OpenedInstallation {
  readonly installation: Installation
  readonly paths: LocalPaths
  /** Of the EKS API, such as `http://127.0.0.1:7443`. */
  readonly serviceUrl: string
  /** PEM file with the service's certificate authority, where it speaks TLS. */
  readonly trustFile: string | undefined
}

/** `home`: the state folder without symbolic links. */
export function viewInstallation(installation: Installation, home: string): OpenedInstallation {
  const { address, servicePort } = installation
  const isPlain = isLoopback(address)
  const host = address.includes(':') ? `[${address}]` : address
  return {
    installation,
    paths: localPaths(home),
    serviceUrl: `${isPlain ? 'http' : 'https'}://${host}:${servicePort}`,
    trustFile: isPlain ? undefined : serviceTlsFiles(home).authority,
  }
}

/** The installation of the state folder; throws where there is none. */
export async function requireInstallation(home: string = stateFolder()): Promise<OpenedInstallation> {
  const installation = await loadInstallation(home)
  if (installation === undefined) {
    throw new CommandError(
      `there is no installation in ${home}: ./evenkeel up makes one, EVENKEEL_HOME names another folder`,
    )
  }
  return viewInstallation(installation, await realpath(home))
}

/** The driver, with the programs where this repository and the store have them. */
export async function openSubstrate(opened: OpenedInstallation): Promise<LocalSubstrate> {
  const resolver = createProgramResolver({
    nodePath: process.execPath,
    sourceRoot: SOURCE_ROOT,
    upstream: (program) => programPath(program, storeRoot()),
  })
  return await openLocalSubstrate({ home: opened.paths.home, resolver })
}

/** The home as its administrator. Reads the kubeconfig at first use. */
export function openHome(opened: OpenedInstallation): KubeClient {
  return new KubeClient({ kubeconfig: opened.paths.adminKubeconfig }, { userAgent: 'evenkeel-cli' })
}

/** The key that `up` has made; throws where it has not come so far. */
export async function requireAccessKey(opened: OpenedInstallation): Promise<AccessKey> {
  const path = clientFiles(opened.paths.home).awsCredentials
  const key = readAccessKey((await readFileIfThere(path)) ?? '')
  if (key === undefined) throw new CommandError(`${path} holds no key of this installation: ./evenkeel up writes it`)
  return key
}

export async function eksAccess(opened: OpenedInstallation): Promise<EksAccess> {
  const { serviceUrl, trustFile, installation } = opened
  return { serviceUrl, trustFile, region: installation.region, key: await requireAccessKey(opened) }
}
