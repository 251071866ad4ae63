import { join } from 'node:path'
import { readFileIfThere, writeFileAtomic } from '@evenkeel/kernel'

/** What `up` has done once and does not do again, whatever becomes of it. */
export interface Setup {
  /** Hexadecimal bytes that the first access key is made of: on record before the key is used. */
  readonly firstKey?: string
  readonly hasFirstUser?: boolean
  /** The cluster `demo` was asked for, or was not wanted: one that is deleted stays so. */
  readonly hasDemo?: boolean
  /** The home is a Kubernetes that somebody else runs, and is claimed for this installation. */
  readonly hasExternalHome?: boolean
  /**
   * Uid of the namespace `kube-system` of that Kubernetes: on record before anything is made there, and no more once the
   * claim was refused.
   */
  readonly chosenHome?: string | undefined
}

function fileOf(accessFolder: string): string {
  return join(accessFolder, 'setup.json')
}

export async function readSetup(accessFolder: string): Promise<Setup> {
  const text = await readFileIfThere(fileOf(accessFolder))
  return text === undefined ? {} : (JSON.parse(text) as Setup)
}

/** Whether the home is a Kubernetes that somebody else runs, though its claim may not have come to its end. Pure. */
export function isHomeExternal({ hasExternalHome = false, chosenHome }: Setup): boolean {
  return hasExternalHome || chosenHome !== undefined
}

/** Adds to what is on record. Under the lock of the installation alone. */
export async function recordSetup(accessFolder: string, added: Setup): Promise<Setup> {
  const setup = { ...(await readSetup(accessFolder)), ...added }
  await writeFileAtomic(fileOf(accessFolder), `${JSON.stringify(setup, undefined, 2)}\n`, { durable: true })
  return setup
}
