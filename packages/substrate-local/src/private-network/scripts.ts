import { MOST_NODES, PREFIX_LENGTH, type PrivateNetwork, type PrivateNode } from './addresses.ts'
import { markOf, routerFilter, zoneFilter } from './filters.ts'

/**
 * Names, in the environment of a program, the namespace that it runs in: one that has lost its name under its programs gets
 * it back by them.
 */
export const NAMESPACE_VARIABLE = 'EVENKEEL_NETNS'

/**
 * Where the namespaces of `ip netns` are. The scripts are for any POSIX shell with iproute2, nftables and util-linux, as
 * root; they write nothing where all is well.
 */
const NAMESPACES = '/run/netns'

const HEAD = [
  'set -eu',
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'export PATH LC_ALL=C',
  'quietly() { "$@" >/dev/null 2>&1; }',
  `inside() { inner=$1; shift; nsenter --net=${NAMESPACES}/"$inner" "$@"; }`,
]

/** Functions that make. Each brings one thing to where it is to be, whatever is there of it. */
const MAKING = [
  // One that is lost only by name, while programs live in it, is not made a second time: it would have the same address.
  'namespace() {',
  '  quietly ip -n "$1" link show dev lo && return',
  '  quietly ip netns del "$1" || :',
  `  for environment in $(grep -lzxF "${NAMESPACE_VARIABLE}=$1" /proc/[0-9]*/environ 2>/dev/null); do`,
  '    process=${environment%/environ}',
  // It names its namespace a moment before it enters it.
  '    [ "$(readlink "$process/ns/net")" != "$(readlink /proc/self/ns/net)" ] || continue',
  '    quietly ip netns attach "$1" "${process#/proc/}" && return',
  '  done',
  '  ip netns add "$1"',
  '}',
  'setting() { inside "$1" sh -c \'[ ! -e "$1" ] || echo "$2" >"$1"\' setting "/proc/sys/net/$2" "$3"; }',
  // An address of IPv6 that the kernel gives by itself would be a way around the rules.
  'without_ipv6() {',
  '  setting "$1" ipv6/conf/all/disable_ipv6 1',
  '  setting "$1" ipv6/conf/default/disable_ipv6 1',
  '}',
  'rules() {',
  '  quietly inside "$1" nft list chain inet evenkeel "$2" || inside "$1" nft -f -',
  '}',
  // An address is at the same hardware address however often its link is made, or its neighbours would look for it at the old
  // one for some ten seconds.
  "hardware() (IFS=.; printf '02:e4:%02x:%02x:%02x:%02x' $1)",
  // A pair whose other end is gone, or going, is made anew.
  'port() {',
  '  quietly ip -n "$1" link show dev "$2" && quietly ip -n "$3" link show dev eth0 || {',
  '    quietly ip -n "$1" link del "$2" || :',
  '    quietly ip -n "$3" link del eth0 || :',
  '    ip -n "$1" link add "$2" type veth peer name eth0 address "$(hardware "$4")" netns "$3"',
  '  }',
  '  ip -n "$1" link set "$2" master br0 up',
  '  ip -n "$3" link set lo up',
  `  ip -n "$3" addr replace "$4/${PREFIX_LENGTH}" dev eth0`,
  '  ip -n "$3" link set eth0 up',
  '}',
]

/** Functions that make what lies in one network. */
function making(network: PrivateNetwork): string[] {
  const { routerNamespace, host, router, stem, first } = network
  return [
    ...HEAD,
    ...MAKING,
    `router=${routerNamespace}`,
    'ways_out() {',
    `  ip -n "$1" route replace ${host}/32 via ${router} dev eth0`,
    // Last of all: who finds it finds everything.
    `  ip -n "$1" route replace default via ${router} dev eth0`,
    '}',
    'node() {',
    `  space=${network.namespacePrefix}n$1 address=${stem}$((${first} + 10 + $1))`,
    '  namespace "$space"',
    '  without_ipv6 "$space"',
    '  setting "$space" ipv4/ip_forward 1',
    '  port "$router" "n-$1" "$space" "$address"',
    '  ip -n "$router" route replace "198.18.$1.0/24" via "$address" dev br0',
    '  ways_out "$space"',
    '}',
  ]
}

/**
 * Makes the network of a cluster, or what is missing of it. Nodes are joined again whose namespaces are there: with a
 * router go its links to all of them.
 */
export function ensureScript(network: PrivateNetwork): string {
  const { host, router, cidr, hostLink } = network
  return lines([
    ...making(network),
    'namespace "$router"',
    'without_ipv6 "$router"',
    'setting "$router" ipv4/ip_forward 1',
    'for which in all default; do setting "$router" ipv4/conf/$which/send_redirects 0; done',
    ...loadRules('"$router"', routerFilter(network)),
    `quietly ip -n "$router" link show dev br0 || ip -n "$router" link add br0 address "$(hardware ${router})" type bridge`,
    'setting "$router" ipv4/conf/br0/send_redirects 0',
    'ip -n "$router" link set lo up',
    'ip -n "$router" link set br0 up',
    `ip -n "$router" addr replace ${router}/${PREFIX_LENGTH} dev br0`,
    `quietly ip link show dev ${hostLink} && quietly ip -n "$router" link show dev host0 || {`,
    `  quietly ip link del ${hostLink} || :`,
    '  quietly ip -n "$router" link del host0 || :',
    `  ip link add ${hostLink} type veth peer name host0 netns "$router"`,
    '}',
    'ip -n "$router" link set host0 up',
    `ip -n "$router" route replace ${host}/32 dev host0`,
    `[ ! -e /proc/sys/net/ipv6/conf/${hostLink} ] || echo 1 >/proc/sys/net/ipv6/conf/${hostLink}/disable_ipv6`,
    `ip addr replace ${host}/32 dev ${hostLink}`,
    `ip link set ${hostLink} up`,
    `ip route replace ${router}/32 dev ${hostLink} src ${host}`,
    `ip route replace ${cidr} via ${router} dev ${hostLink} src ${host}`,
    ...network.zones.flatMap(({ zone, address, namespace }) => [
      `namespace ${namespace}`,
      `without_ipv6 ${namespace}`,
      ...loadRules(namespace, zoneFilter(network)),
      `port "$router" z-${zone} ${namespace} ${address}`,
      `ways_out ${namespace}`,
    ]),
    `for space in ${NAMESPACES}/${network.namespacePrefix}n[0-9]*; do`,
    '  [ ! -e "$space" ] || node "${space##*-n}"',
    'done',
  ])
}

function loadRules(namespace: string, filter: string): string[] {
  return [`rules ${namespace} ${markOf(filter)} <<'RULES'`, filter.trimEnd(), 'RULES']
}

/** Ends with 0 where `ensureScript` would find nothing to do, else says what is missing. */
export function checkScript(network: PrivateNetwork): string {
  const { host, router, cidr, hostLink, routerNamespace } = network
  return lines([
    ...HEAD,
    'missing() { echo "$1"; exit 1; }',
    'has() { case "$1" in *"$2"*) ;; *) missing "$3" ;; esac; }',
    `router=${routerNamespace}`,
    `addresses=$(ip -n "$router" -o -4 addr show up 2>&1) || missing "the namespace $router"`,
    `has "$addresses" 'br0    inet ${router}/${PREFIX_LENGTH} ' 'the address of the router'`,
    `links=$(ip -n "$router" -o link show up)`,
    `has "$links" ' host0@' 'the link between router and host'`,
    `has "$(ip -o -4 addr show dev ${hostLink} up 2>&1)" ' inet ${host}/32 ' 'the link ${hostLink}'`,
    `has "$(ip -4 route show ${cidr})" 'via ${router} dev ${hostLink} ' 'the route of the host to ${cidr}'`,
    `has "$(ip -n "$router" -4 route show ${host})" 'dev host0' 'the route of the router to the host'`,
    ...checkRules('"$router"', routerFilter(network)),
    ...network.zones.flatMap(({ zone, address, namespace }) => [
      `has "$links" ' z-${zone}@' 'the link to zone ${zone}'`,
      `has "$(ip -n ${namespace} -o -4 addr show dev eth0 up 2>&1)" ' inet ${address}/${PREFIX_LENGTH} ' 'the address of zone ${zone}'`,
      `has "$(ip -n ${namespace} -4 route show)" 'default via ${router} dev eth0' 'the way out of zone ${zone}'`,
      ...checkRules(namespace, zoneFilter(network)),
    ]),
  ])
}

function checkRules(namespace: string, filter: string): string[] {
  return [
    `quietly inside ${namespace} nft list chain inet evenkeel ${markOf(filter)} || missing "the rules of "${namespace}`,
  ]
}

/** Removes all of a cluster's network, its nodes' parts too, in whatever state it is. */
export function removeScript({ namespacePrefix, hostLink }: PrivateNetwork): string {
  return lines([
    ...HEAD,
    `for space in ${NAMESPACES}/${namespacePrefix}*; do`,
    '  [ ! -e "$space" ] || ip netns del "${space##*/}"',
    'done',
    // A namespace takes its links with it, but a moment later.
    `quietly ip link del ${hostLink} || :`,
    ...untilGone(`! quietly ip link show dev ${hostLink}`, `the link ${hostLink}`),
  ])
}

/** Removes what an installation has, of all its clusters. */
export function removeAllScript(octet: number): string {
  return lines([
    ...HEAD,
    `for space in ${NAMESPACES}/ek-${octet}-*; do`,
    '  [ ! -e "$space" ] || ip netns del "${space##*/}"',
    'done',
    `links() { ip -o link show type veth | sed -n 's/^[0-9]*: \\(ek${octet}-[0-9]*\\)@.*/\\1/p'; }`,
    'for link in $(links); do quietly ip link del "$link" || :; done',
    ...untilGone('[ -z "$(links)" ]', `links named ek${octet}-`),
  ])
}

function untilGone(condition: string, what: string): string[] {
  return [
    'left=50',
    `until ${condition}; do`,
    `  [ "$left" -gt 0 ] || { echo ${what} do not go; exit 1; }`,
    '  left=$((left - 1))',
    '  sleep 0.1',
    'done',
  ]
}

/** Makes the namespace of a node and joins it to the network of its cluster, which must be there. */
export function ensureNodeScript({ network, number }: PrivateNode): string {
  return lines([
    ...making(network),
    `quietly ip -n "$router" link show dev br0 || { echo "the network of the cluster is not there ($router)"; exit 1; }`,
    `node ${requireNumber(number)}`,
  ])
}

export function checkNodeScript({ network, number, namespace, host, podCidr }: PrivateNode): string {
  const { router, routerNamespace } = network
  return lines([
    ...HEAD,
    'missing() { echo "$1"; exit 1; }',
    'has() { case "$1" in *"$2"*) ;; *) missing "$3" ;; esac; }',
    `has "$(ip -n ${routerNamespace} -o link show up 2>&1)" ' n-${number}@' 'the link to node ${number}'`,
    `has "$(ip -n ${routerNamespace} -4 route show ${podCidr})" 'via ${host} ' 'the route to the pods of node ${number}'`,
    `has "$(ip -n ${namespace} -o -4 addr show dev eth0 up 2>&1)" ' inet ${host}/${PREFIX_LENGTH} ' 'the address of node ${number}'`,
    `has "$(ip -n ${namespace} -4 route show)" 'default via ${router} dev eth0' 'the way out of node ${number}'`,
  ])
}

export function removeNodeScript({ network, number, namespace, podCidr }: PrivateNode): string {
  const { routerNamespace } = network
  return lines([
    ...HEAD,
    `quietly ip -n ${routerNamespace} route del ${podCidr} || :`,
    `quietly ip -n ${routerNamespace} link del n-${requireNumber(number)} || :`,
    `[ ! -e ${NAMESPACES}/${namespace} ] || ip netns del ${namespace}`,
  ])
}

function requireNumber(number: number): number {
  if (!Number.isInteger(number) || number < 1 || number > MOST_NODES) throw new Error(`there is no node ${number}`)
  return number
}

/**
 * Whether this machine has what private networks take, tried where it leaves nothing behind: in namespaces without a name,
 * with a /run of their own. Says on its last line what failed.
 */
export function trialScript(): string {
  const zones = ['a', 'b'].map((zone, index) => ({ zone, address: `100.64.0.${4 + index}`, namespace: `try-${zone}` }))
  const network: PrivateNetwork = {
    octet: 0,
    slot: 0,
    cidr: '100.64.0.0/26',
    stem: '100.64.0.',
    first: 0,
    host: '100.64.0.1',
    router: '100.64.0.2',
    zones,
    routerNamespace: 'try-router',
    namespacePrefix: 'try-',
    hostLink: 'ek-try',
  }
  const check = checkScript(network).split('\n').slice(HEAD.length).join('\n')
  return `mount -t tmpfs none /run\n${ensureScript(network)}${check}`
}

/** What runs a script in namespaces of its own. */
export const TRIAL_COMMAND = ['unshare', '--net', '--mount', '--propagation', 'private', 'sh', '-c'] as const

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`
}
