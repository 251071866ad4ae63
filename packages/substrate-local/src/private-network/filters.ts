import { createHash } from 'node:crypto'
import type { PrivateNetwork } from './addresses.ts'

/** Where the endpoint's balancers pass on what members of zones need of the host: the authenticators. */
export const RELAY_PORT = 9443
/** Of the endpoint for nodes, and of API servers in their zones. */
export const API_PORT = 6443

/**
 * Rules of the router (nftables). Out of the network there is the endpoint on the host, and the authenticators for zones;
 * the rest is refused, since the host would answer at any of its addresses over any of its links. The host knows no way to
 * pods: they speak to it in the router's name.
 */
export function routerFilter(network: PrivateNetwork): string {
  const { host, router, cidr } = network
  return marked([
    'chain forward {',
    '  type filter hook forward priority 0; policy accept;',
    '  ct state established,related accept',
    '  iifname "host0" accept',
    `  oifname "host0" ip daddr ${host} tcp dport ${API_PORT} accept`,
    `  oifname "host0" ip saddr ${zoneSet(network)} ip daddr ${host} tcp dport ${RELAY_PORT} accept`,
    '  oifname "host0" reject with icmpx admin-prohibited',
    '}',
    'chain input {',
    '  type filter hook input priority 0; policy accept;',
    '  iifname "br0" icmp type echo-request accept',
    '  iifname "br0" ct state new drop',
    '}',
    'chain postrouting {',
    '  type nat hook postrouting priority srcnat; policy accept;',
    `  oifname "host0" ip saddr != ${cidr} snat ip to ${router}`,
    '}',
  ])
}

/**
 * Rules of a zone: its members are there for each other and for the host; nodes and pods reach the API server alone. What
 * comes from a node is bridged and does not pass the router's rules.
 */
export function zoneFilter(network: PrivateNetwork): string {
  return marked([
    'chain input {',
    '  type filter hook input priority 0; policy drop;',
    '  iifname "lo" accept',
    '  ct state established,related accept',
    '  icmp type echo-request accept',
    `  ip saddr { ${network.host}, ${zoneAddresses(network)} } accept`,
    `  tcp dport ${API_PORT} accept`,
    '}',
  ])
}

function zoneSet(network: PrivateNetwork): string {
  return `{ ${zoneAddresses(network)} }`
}

function zoneAddresses({ zones }: PrivateNetwork): string {
  return zones.map(({ address }) => address).join(', ')
}

/** Name of an empty chain that says which rules a table holds: what the kernel lists of them is not what was written. */
export function markOf(filter: string): string {
  return /chain (rules_[0-9a-f]+) /.exec(filter)?.[1] ?? ''
}

/** One transaction: there is no moment without rules. */
function marked(chains: readonly string[]): string {
  const mark = `rules_${createHash('sha256').update(chains.join('\n')).digest('hex').slice(0, 16)}`
  const body = [...chains, `chain ${mark} {`, '}'].map((line) => `  ${line}`)
  return ['table inet evenkeel', 'delete table inet evenkeel', 'table inet evenkeel {', ...body, '}', ''].join('\n')
}
