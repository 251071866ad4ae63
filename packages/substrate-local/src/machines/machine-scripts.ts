import { basename, dirname } from 'node:path'
import type { MachineResources } from '@evenkeel/substrate'
import { MACHINE_VARIABLE } from '../processes/index.ts'
import { shellQuote as quote } from '../shell-script.ts'
import type { MachineNetwork } from './machine-network.ts'
import { MACHINE_LAYOUT, type MachinePaths } from './machine-paths.ts'

/**
 * The scripts that a machine is made with: for any POSIX shell with util-linux, e2fsprogs and iproute2, as root. They need
 * nobody's help, so that a machine comes back when its programs are started again, whoever else is dead. Who runs `up` or
 * `halt` holds the machine's lock; both may be ended anywhere and run again.
 */

/** What the scripts of one machine hold as constants. */
export interface MachineFacts {
  readonly paths: MachinePaths
  /** Below the root of each hierarchy of control groups. */
  readonly group: string
  readonly network: MachineNetwork
  /** Of the machine, and of the node that it becomes. */
  readonly hostname: string
  /** 32 hexadecimal digits. */
  readonly machineId: string
  readonly resources: MachineResources
  /** Absolute path, on the host, of each program, by its name in `layout.tools`. */
  readonly tools: readonly { readonly name: string; readonly file: string }[]
  /** Folder of the host that becomes `layout.images`. */
  readonly images: string
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Processes of a machine: more than 110 pods take. */
const MOST_PROCESSES = 8192

/** Hierarchies of control groups: one of version 2, or one for each controller of version 1 (and an empty one of 2). */
const HIERARCHIES = [
  'if [ -e /sys/fs/cgroup/cgroup.controllers ]; then version=2 hierarchies=/sys/fs/cgroup',
  'else version=1 hierarchies=/sys/fs/cgroup/*',
  'fi',
]

function head(facts: Pick<MachineFacts, 'paths' | 'group'>): string[] {
  return [
    '#!/bin/sh',
    'umask 022',
    `export PATH=${PATH}`,
    `group=${quote(facts.group)}`,
    `namespaces=${quote(facts.paths.namespaces)}`,
    ...HIERARCHIES,
  ]
}

/**
 * Makes the machine where it is not whole: what is left of it ends first. A second run finds nothing to do.
 *
 * Its cgroup namespace has its own group as root, so that the kubelet takes the machine for the whole of the node; for that
 * who makes the namespace has to be in that group. Its programs are one group below (`system`), since a group of version 2
 * with groups below it has no processes.
 */
export function upScript(facts: MachineFacts): string {
  const { paths, resources, network } = facts
  const disk = quote(paths.disk)
  return lines([
    ...head(facts),
    'set -eu',
    'fail() { echo "$1"; exit 1; }',
    `network=/run/netns/${quote(network.namespace)}`,
    `[ -e ${quote(paths.record)} ] || fail 'it is not written down'`,
    `[ ! -e ${quote(paths.removal)} ] || fail 'it is being removed'`,
    '# The same number for the same network namespace, whatever its name',
    'number_of_network() { [ "$(stat -f -c %T "$network" 2>/dev/null)" = nsfs ] && stat -c %i "$network"; }',
    'is_there() {',
    '  [ -s "$namespaces/ready" ] && [ "$(cat "$namespaces/ready")" = "$(number_of_network)" ] || return 1',
    '  for hierarchy in $hierarchies; do [ -d "$hierarchy/$group/system" ] || return 1; done',
    '}',
    'is_joined=',
    `join() { sh -c ${quote(network.ensure)}; is_joined=yes; }`,
    '# A network that is lost by name alone gets it back',
    '[ -n "$(number_of_network)" ] || join',
    '! is_there || exit 0',
    `sh ${quote(paths.halt)}`,
    '# Whoever was ended in the middle of this may have left half of it',
    '[ -n "$is_joined" ] && [ -n "$(number_of_network)" ] || join',
    '',
    '# Control groups',
    'limit() { if [ -e "$1" ]; then echo "$2" >"$1"; fi; }',
    'inherit() { if [ -e "$1/$3" ] && [ -z "$(cat "$1/$2/$3")" ]; then cat "$1/$3" >"$1/$2/$3"; fi; }',
    '# The group at $2, of as many parts as it takes, below $1. A group of version 1 without processors takes no process.',
    'make_group() {',
    '  at=$1',
    '  for part in $(echo "$2" | tr / " "); do',
    '    [ "$version" = 1 ] || delegate "$at"',
    '    mkdir -p "$at/$part"',
    '    if [ "$version" = 1 ]; then inherit "$at" "$part" cpuset.cpus; inherit "$at" "$part" cpuset.mems; fi',
    '    at=$at/$part',
    '  done',
    '}',
    'delegate() {',
    '  for controller in $(cat "$1/cgroup.controllers"); do echo "+$controller" >"$1/cgroup.subtree_control" || :; done',
    '}',
    'for hierarchy in $hierarchies; do',
    '  [ -d "$hierarchy" ] || continue',
    '  make_group "$hierarchy" "$group"',
    '  own=$hierarchy/$group',
    `  limit "$own/memory.limit_in_bytes" ${resources.memoryMib * 2 ** 20}`,
    `  limit "$own/cpu.cfs_period_us" 100000`,
    `  limit "$own/cpu.cfs_quota_us" ${resources.cpus * 100_000}`,
    `  limit "$own/pids.max" ${MOST_PROCESSES}`,
    '  if [ "$version" = 2 ]; then',
    `    limit "$own/memory.max" ${resources.memoryMib * 2 ** 20}`,
    `    limit "$own/cpu.max" '${resources.cpus * 100_000} 100000'`,
    '  else',
    '    make_group "$own" system',
    '  fi',
    'done',
    '',
    '# Disk: made beside its name, so that what is there by that name is whole',
    `if [ ! -e ${disk} ]; then`,
    `  rm -f ${disk}.new`,
    `  truncate -s ${resources.diskGib}G ${disk}.new`,
    `  mkfs.ext4 -q -F -m 0 -E lazy_itable_init=1,lazy_journal_init=1,root_owner=0:0 ${disk}.new`,
    `  sync ${disk}.new`,
    `  mv ${disk}.new ${disk}`,
    'fi',
    `[ -z "$(losetup -j ${disk})" ] || fail 'its disk is still in use'`,
    'status=0',
    `checked=$(e2fsck -p ${disk} 2>&1) || status=$?`,
    '[ "$status" -lt 4 ] || fail "its disk cannot be mended: $checked"',
    `if [ "$(stat -c %s ${disk})" -lt ${resources.diskGib * 2 ** 30} ]; then`,
    `  truncate -s ${resources.diskGib}G ${disk}`,
    `  e2fsck -fp ${disk} >/dev/null || [ $? -lt 4 ]`,
    `  resize2fs ${disk} >/dev/null 2>&1`,
    'fi',
    '',
    '# Namespaces, kept by files. Their mount is private: the kernel keeps no mount namespace on a shared one',
    'mkdir -p "$namespaces"',
    'mountpoint -q "$namespaces" || mount -t tmpfs -o mode=700,size=1m tmpfs "$namespaces"',
    'mount --make-private "$namespaces"',
    'for kind in mnt uts cgroup; do : >"$namespaces/$kind"; done',
    ...meminfo(resources),
    'export group hierarchies',
    'make() {',
    '  "$@" sh -c \'for hierarchy in $hierarchies; do echo $$ >$hierarchy/$group/cgroup.procs || exit 1; done',
    '    exec unshare --cgroup="$1/cgroup" --mount="$1/mnt" --uts="$1/uts" --propagation private \\',
    `      nsenter --net="$2" sh "$3"' make "$namespaces" "$network" ${quote(paths.mounts)}`,
    '}',
    '# The kernel keeps no mount namespace that it takes for older than the one that this runs in, and Linux 6.18 numbers them',
    '# by processor: inside of a container there may be but one on which it works',
    'made=',
    'if make env; then made=yes; fi',
    'processor=$(nproc --all)',
    'while [ -z "$made" ] && [ ! -e "$namespaces/begun" ] && [ "$processor" -gt 0 ]; do',
    '  processor=$((processor - 1))',
    '  for kind in mnt uts cgroup; do',
    '    while mountpoint -q "$namespaces/$kind"; do umount "$namespaces/$kind"; done',
    '  done',
    '  if make taskset -c "$processor"; then made=yes; fi',
    'done',
    '[ -n "$made" ]',
    'if [ "$version" = 2 ]; then',
    '  delegate "/sys/fs/cgroup/$group"',
    '  mkdir -p "/sys/fs/cgroup/$group/system"',
    'fi',
    'number_of_network >"$namespaces/ready"',
  ])
}

/** What the machine is to find as its memory, which nothing else tells the kubelet. */
function meminfo({ memoryMib }: MachineResources): string[] {
  const kib = memoryMib * 1024
  const line = (name: string) => `s/^${name}:.*/${`${name}:`.padEnd(16)}${String(kib).padStart(8)} kB/`
  const expression = ['MemTotal', 'MemFree', 'MemAvailable'].map(line).join('; ')
  return [`sed '${expression}' /proc/meminfo >"$namespaces/meminfo"`]
}

/**
 * Builds the root of the machine, in its new namespaces, and goes into it. What a program finds at a path that it knows by
 * heart (/var/lib/kubelet, /run/containerd) is then the machine's own. The host's programs are there to be run, not to be
 * changed. A machine whose disk is full boots, so that the kubelet can make room: of what is made here on its disk all is
 * there from the first boot on, and the rest is in memory.
 */
export function mountsScript(facts: MachineFacts): string {
  const { paths, hostname, machineId, resources, tools, images } = facts
  const { files: filesFolder, tools: toolsFolder, images: imagesFolder } = MACHINE_LAYOUT
  return lines([
    ...head(facts),
    'set -eu',
    ': >"$namespaces/begun"',
    `root=${quote(paths.root)}`,
    `echo ${quote(hostname)} >/proc/sys/kernel/hostname`,
    'mkdir -p "$root"',
    `mount -o loop,noatime,discard ${quote(paths.disk)} "$root"`,
    '# $1 of the host, as $2 of the machine, to be read only',
    'show() {',
    '  mkdir -p "$root$2"',
    '  mount --bind "$1" "$root$2"',
    '  mount -o remount,bind,ro "$root$2"',
    '}',
    'link() { [ -L "$2" ] || ln -s "$1" "$2"; }',
    'memory() { mkdir -p "$root$1"; mount -t tmpfs -o "mode=755,size=$2" tmpfs "$root$1"; }',
    'for folder in proc sys dev root tmp var/log var/tmp var/lib/kubelet var/lib/containerd opt/cni; do',
    '  mkdir -p "$root/$folder"',
    'done',
    'chmod 1777 "$root/tmp" "$root/var/tmp"',
    'chmod 700 "$root/root"',
    'link /run "$root/var/run"',
    `link ${toolsFolder} "$root/opt/cni/bin"`,
    'show /usr /usr',
    'for name in bin sbin lib lib32 lib64 libx32; do',
    '  if [ -L "/$name" ]; then link "$(readlink "/$name")" "$root/$name"',
    '  elif [ -d "/$name" ]; then show "/$name" "/$name"',
    '  fi',
    'done',
    '',
    '# Its settings: those of the host that programs of the host need, else its own',
    'memory /etc 16m',
    'for name in passwd group nsswitch.conf ld.so.cache protocols services; do',
    '  if [ -e "/etc/$name" ]; then cp "/etc/$name" "$root/etc/$name"; fi',
    'done',
    'if [ -d /etc/alternatives ]; then cp -a /etc/alternatives "$root/etc/"; fi',
    'if [ -d /etc/ssl/certs ]; then show /etc/ssl/certs /etc/ssl/certs; fi',
    `echo ${quote(hostname)} >"$root/etc/hostname"`,
    `echo ${quote(machineId)} >"$root/etc/machine-id"`,
    `printf '127.0.0.1 localhost %s\\n' ${quote(hostname)} >"$root/etc/hosts"`,
    '# No resolver leads out of a private network',
    `echo 'search .' >"$root/etc/resolv.conf"`,
    '',
    '# Kernel',
    'mount --rbind /proc "$root/proc"',
    'mount --bind "$namespaces/meminfo" "$root/proc/meminfo"',
    '# Anew: it shows the network devices of who mounts it',
    'mount -t sysfs sysfs "$root/sys"',
    ...processors(resources),
    'groups=$root/sys/fs/cgroup',
    'if [ "$version" = 2 ]; then',
    '  mount -t cgroup2 cgroup2 "$groups"',
    'else',
    '  mount -t tmpfs -o mode=755,size=64k tmpfs "$groups"',
    '  for hierarchy in $hierarchies; do',
    '    name=${hierarchy##*/}',
    '    if [ -L "$hierarchy" ]; then ln -s "$(readlink "$hierarchy")" "$groups/$name"; continue; fi',
    '    mkdir "$groups/$name"',
    '    case $name in',
    '      unified) mount -t cgroup2 cgroup2 "$groups/$name" ;;',
    '      systemd) mount -t cgroup -o none,name=systemd cgroup "$groups/$name" ;;',
    '      *) mount -t cgroup -o "$name" cgroup "$groups/$name" ;;',
    '    esac',
    '  done',
    'fi',
    'mount --rbind /dev "$root/dev"',
    'memory /run 64m',
    '',
    '# Programs, their files and images',
    'memory /opt/evenkeel 1m',
    `mkdir "$root${toolsFolder}"`,
    ...folderNumbers(tools).map(([folder, number]) => `show ${quote(folder)} ${PROGRAMS}/${number}`),
    ...toolLinks(tools).map(([name, target]) => `ln -s ${quote(target)} "$root${toolsFolder}/"${quote(name)}`),
    `show ${quote(paths.files)} ${filesFolder}`,
    `show ${quote(images)} ${imagesFolder}`,
    '',
    'mkdir "$root/run/host"',
    'cd "$root"',
    'pivot_root . run/host',
    'mount --make-rprivate /',
    'umount -l /run/host',
    'rmdir /run/host',
    '# Volumes with mount propagation take a shared root',
    'mount --make-rshared /',
  ])
}

/** Where folders of the host with programs are in the machine, by number. */
const PROGRAMS = '/opt/evenkeel/programs'

function folderNumbers(tools: MachineFacts['tools']): readonly (readonly [string, number])[] {
  const folders = new Set(tools.map(({ file }) => dirname(file)).filter((folder) => !isSystemFolder(folder)))
  return [...folders].sort().map((folder, at) => [folder, at + 1])
}

/** Each name with what it leads to in the machine. */
function toolLinks(tools: MachineFacts['tools']): readonly (readonly [string, string])[] {
  const numbers = new Map(folderNumbers(tools))
  return tools.map(({ name, file }) => {
    const number = numbers.get(dirname(file))
    return [name, number === undefined ? file : `${PROGRAMS}/${number}/${basename(file)}`]
  })
}

/** Whether a folder is one that every machine has of the host anyway. */
function isSystemFolder(folder: string): boolean {
  return /^\/(usr|bin|sbin|lib|lib32|lib64|libx32)(\/|$)/.test(folder)
}

/** As many processors as the machine is to have, for the kubelet to count: it looks for them by memory node. */
function processors({ cpus }: MachineResources): string[] {
  return [
    'nodes=$root/sys/devices/system/node',
    'if [ -d "$nodes" ]; then',
    '  mount -t tmpfs -o mode=755,size=64k tmpfs "$nodes"',
    '  mkdir "$nodes/node0"',
    '  for name in online possible has_cpu; do echo 0 >"$nodes/$name"; done',
    '  echo 10 >"$nodes/node0/distance"',
    `  sed -n 's/^MemTotal: */Node 0 MemTotal: /p' "$namespaces/meminfo" >"$nodes/node0/meminfo"`,
    '  number=0',
    `  while [ "$number" -lt ${cpus} ]; do`,
    '    ln -s "../../cpu/cpu$number" "$nodes/node0/cpu$number"',
    '    number=$((number + 1))',
    '  done',
    'fi',
  ]
}

/**
 * Ends all processes of the machine at once, and then its namespaces: with them go the mounts in them, and with those the
 * loop device of its disk. The disk stays, and so does its network.
 */
export function haltScript(facts: Pick<MachineFacts, 'paths' | 'group'>): string {
  return lines([
    ...head(facts),
    'set -u',
    '# Both where version 1 is used as well: containers are in the hierarchy of version 2, too',
    'for kill in /sys/fs/cgroup/$group/cgroup.kill /sys/fs/cgroup/*/$group/cgroup.kill; do',
    '  if [ -e "$kill" ]; then echo 1 >"$kill"; fi',
    'done',
    'groups() {',
    '  for hierarchy in $hierarchies; do',
    '    if [ -d "$hierarchy/$group" ]; then find "$hierarchy/$group" -depth "$@"; fi',
    '  done 2>/dev/null',
    '}',
    'members() { groups -name cgroup.procs -exec cat {} + | sort -u | grep -v "^0$"; }',
    '# A frozen process does not end',
    'groups -name freezer.state | while read -r state; do echo THAWED >"$state"; done',
    'left=200',
    'while processes=$(members) && [ -n "$processes" ]; do',
    '  [ "$left" -gt 0 ] || { echo "these of its processes do not end:" $processes; exit 1; }',
    '  kill -KILL $processes 2>/dev/null',
    '  left=$((left - 1))',
    '  sleep 0.05',
    'done',
    'for kind in mnt uts cgroup; do',
    '  while mountpoint -q "$namespaces/$kind"; do umount "$namespaces/$kind" || exit 1; done',
    'done',
    'while mountpoint -q "$namespaces"; do umount "$namespaces" || exit 1; done',
    'left=200',
    'while groups -type d -exec rmdir {} +; [ -n "$(groups -type d)" ]; do',
    '  [ "$left" -gt 0 ] || { echo "its control groups are in use"; exit 1; }',
    '  left=$((left - 1))',
    '  sleep 0.05',
    'done',
    '# The kernel lets go of a disk a moment after its last mount',
    'left=200',
    `while [ -e ${quote(facts.paths.disk)} ] && [ -n "$(losetup -j ${quote(facts.paths.disk)})" ]; do`,
    '  [ "$left" -gt 0 ] || { echo "its disk is still mounted somewhere"; exit 1; }',
    '  left=$((left - 1))',
    '  sleep 0.05',
    'done',
    'exit 0',
  ])
}

/** Ends the machine and removes all of it that is not in its folder. Of one whose address is not known, no network. */
export function downScript(
  facts: Pick<MachineFacts, 'paths' | 'group'> & { readonly network: MachineNetwork | undefined },
): string {
  return lines([
    ...head(facts),
    'set -eu',
    `sh -c ${quote(haltScript(facts))}`,
    ...(facts.network === undefined ? [] : [`sh -c ${quote(facts.network.remove)}`]),
    '# With the last machine go the groups above',
    'for hierarchy in $hierarchies; do',
    '  above=${group%/*}',
    '  rmdir "$hierarchy/$above" "$hierarchy/${above%/*}" 2>/dev/null || :',
    'done',
  ])
}

/**
 * Joins the machine, which it makes first where it is not there, and becomes the program that its words name: the same
 * process all the time, so that whoever supervises it supervises the program. In its group before the lock is free, so
 * that who ends the machine next ends this, too.
 */
export function enterScript(facts: MachineFacts): string {
  const { paths, network } = facts
  return lines([
    ...head(facts),
    `exec 9>>${quote(paths.lock)}`,
    'flock 9 || exit 1',
    `sh ${quote(paths.up)} || exit 1`,
    'for hierarchy in $hierarchies; do echo $$ >"$hierarchy/$group/system/cgroup.procs" || exit 1; done',
    'exec 9>&-',
    `export PATH=${MACHINE_LAYOUT.tools}:${PATH} ${MACHINE_VARIABLE}=${quote(facts.hostname)}`,
    `export EVENKEEL_NETNS=${quote(network.namespace)}`,
    `exec nsenter --net=/run/netns/${quote(network.namespace)} --mount="$namespaces/mnt" \\`,
    '  --uts="$namespaces/uts" --cgroup="$namespaces/cgroup" --wdns=/ "$@"',
  ])
}

/** Words before those of a program that waits for a socket in its machine. */
export function waitWords({ socket, atMostSeconds }: { socket: string; atMostSeconds: number }): readonly string[] {
  const turns = Math.ceil(atMostSeconds * 20)
  const loop = 'while [ ! -S "$0" ] && [ "$left" -gt 0 ]; do left=$((left - 1)); sleep 0.05; done'
  return ['sh', '-c', `left=$1; shift; ${loop}; exec "$@"`, socket, `${turns}`]
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`
}
