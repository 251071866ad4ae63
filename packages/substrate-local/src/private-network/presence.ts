import { setTimeout as sleep } from 'node:timers/promises'
import { namesIn } from '@evenkeel/kernel'
import { SubstrateFault } from '@evenkeel/substrate'
import { isOwnerGone, readClaims } from '../claims.ts'
import { type LocalPaths, MACHINE_FOLDERS } from '../installation/index.ts'
import { isAnyRunning } from '../processes/index.ts'
import { type PrivateNetwork, privateNodeOf } from './addresses.ts'
import { runScript, underLock } from './run-script.ts'
import {
  checkNodeScript,
  checkScript,
  ensureNodeScript,
  ensureScript,
  removeAllScript,
  removeNodeScript,
  removeScript,
} from './scripts.ts'

const IN_PLACE = ['sh', '-c'] as const

export async function ensureNetwork(paths: LocalPaths, network: PrivateNetwork): Promise<void> {
  await change(paths, ensureScript(network), `the private network ${network.cidr} cannot be made`)
}

export async function isNetworkPresent(network: PrivateNetwork): Promise<boolean> {
  return (await runScript(IN_PLACE, checkScript(network))).ok
}

/** Where nothing is left of it, nothing is done: who is not root has nothing there. */
export async function removeNetwork(paths: LocalPaths, network: PrivateNetwork): Promise<void> {
  if (!(await isAnythingLeft(network.namespacePrefix, network.hostLink))) return
  await change(paths, removeScript(network), `the private network ${network.cidr} cannot be removed`)
}

/**
 * Makes the namespace of a node, by the address that `claimNode` has answered, and joins it to the network of its cluster.
 * Idempotent. Throws NotReady, also where that network is not there.
 */
export async function ensureNodeNetwork(paths: LocalPaths, host: string): Promise<void> {
  await change(paths, ensureNodeScript(privateNodeOf(host)), `the network of node ${host} cannot be made`)
}

export async function isNodeNetworkPresent(host: string): Promise<boolean> {
  return (await runScript(IN_PLACE, checkNodeScript(privateNodeOf(host)))).ok
}

export async function removeNodeNetwork(paths: LocalPaths, host: string): Promise<void> {
  await change(paths, removeNodeScript(privateNodeOf(host)), `the network of node ${host} cannot be removed`)
}

/** How long starts that were under way when their programs were ended may take to see that. */
const STARTS_END_MS = 10_000

/** Removes the networks of all clusters of an installation whose programs have all ended. */
export async function removeAllNetworks(paths: LocalPaths, octet: number): Promise<void> {
  const [namespaces, link] = [`ek-${octet}-`, new RegExp(`^ek${octet}-`)]
  if (!(await isAnythingLeft(namespaces, link))) return
  // A start whose shell was ended may still be making a network.
  const deadline = performance.now() + STARTS_END_MS
  while (isAnyRunning(paths.home) && performance.now() < deadline) await sleep(20)
  await change(paths, removeAllScript(octet), 'the private networks of clusters cannot be removed')
}

/** Namespaces of clusters of installations whose octet nobody has claimed: their state folder was removed without `destroy`. */
export async function findAbandonedNamespaces(folders = MACHINE_FOLDERS): Promise<readonly string[]> {
  const claims = (await Promise.all(folders.map((folder) => readClaims(folder)))).flat()
  const gone = await Promise.all(claims.map(({ owner }) => isOwnerGone(owner)))
  const held = new Set(claims.filter((_, at) => gone[at] === false).map(({ name }) => name))
  return (await listNamespaces()).filter((name) => !held.has(`octet-${name.split('-')[1]}`))
}

/** Names of namespaces of ours, of any installation of the machine. */
async function listNamespaces(): Promise<readonly string[]> {
  return (await namesIn('/run/netns')).filter((name) => /^ek-\d+-\d+-/.test(name))
}

export async function isAnythingLeft(namespacePrefix: string, link: string | RegExp): Promise<boolean> {
  const [namespaces, links] = await Promise.all([listNamespaces(), namesIn('/sys/class/net')])
  const isIts = (name: string) => (typeof link === 'string' ? name === link : link.test(name))
  return namespaces.some((name) => name.startsWith(namespacePrefix)) || links.some(isIts)
}

async function change(paths: LocalPaths, script: string, failure: string): Promise<void> {
  const { ok, said } = await runScript(underLock(paths.networkLock), script)
  if (ok) return
  const why = process.getuid?.() === 0 ? said : `only root can do that: ${said}`
  throw new SubstrateFault('NotReady', `${failure} (${why}): ./evenkeel doctor says what the machine lacks`)
}
