import { SubstrateFault } from '@evenkeel/substrate'
import type { Installation, LocalPaths } from '../installation/index.ts'
import type { MachineNetworkOf } from '../machines/index.ts'
import { shellQuote } from '../shell-script.ts'
import { privateNodeOf } from './addresses.ts'
import { claimedPrivateNetwork } from './carriers.ts'
import { ensureNodeScript, ensureScript, removeNodeScript } from './scripts.ts'

/** What carries the addresses of machines: their part of their cluster's private network, which is made first where it is lost. */
export function createMachineNetworks(
  paths: LocalPaths,
  installation: Pick<Installation, 'octet' | 'zones'>,
): MachineNetworkOf {
  const underLock = (script: string) => `flock -o ${shellQuote(paths.networkLock)} sh -c ${shellQuote(script)}`
  return async ({ cluster, name }, { host }) => {
    const network = await claimedPrivateNetwork(paths.network, installation, cluster)
    if (network === undefined) {
      throw new SubstrateFault('NotReady', `cluster ${cluster} has no private network, and so no place for machines`)
    }
    const node = privateNodeOf(host)
    if (node.network.cidr !== network.cidr) {
      throw new SubstrateFault('Conflict', `${host} of machine ${name} is not in the network of ${cluster}: claim one`)
    }
    return {
      namespace: node.namespace,
      ensure: [
        'set -e',
        // What else is missing of it keepers put back.
        `ip -n ${network.routerNamespace} link show dev br0 >/dev/null 2>&1 || ${underLock(ensureScript(network))}`,
        underLock(ensureNodeScript(node)),
      ].join('\n'),
      remove: underLock(removeNodeScript(node)),
    }
  }
}
