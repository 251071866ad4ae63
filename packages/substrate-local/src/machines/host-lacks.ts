import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { join } from 'node:path'

/** Programs that machines are made with, and the Debian packages that have them. */
const PROGRAMS: Readonly<Record<string, string>> = {
  unshare: 'util-linux',
  nsenter: 'util-linux',
  flock: 'util-linux',
  losetup: 'util-linux',
  taskset: 'util-linux',
  pivot_root: 'util-linux',
  mountpoint: 'util-linux',
  mount: 'mount',
  'mkfs.ext4': 'e2fsprogs',
  e2fsck: 'e2fsprogs',
  resize2fs: 'e2fsprogs',
  ip: 'iproute2',
  nft: 'nftables',
}
const FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin', '/bin']

/** Something that machines need and this host has not, and what to do about it. */
export interface Lack {
  readonly what: string
  readonly mend: string
}

/** What keeps this host from having machines that run containers; nothing where it can have them. Changes nothing. */
export async function whatMachinesLack(): Promise<readonly Lack[]> {
  const packages = new Set<string>()
  const missing: string[] = []
  for (const [program, owner] of Object.entries(PROGRAMS)) {
    if ((await Promise.all(FOLDERS.map((folder) => isThere(join(folder, program), constants.X_OK)))).includes(true))
      continue
    missing.push(program)
    packages.add(owner)
  }
  const [loop, version1, version2] = await Promise.all(
    ['/dev/loop-control', '/sys/fs/cgroup/memory/cgroup.procs', '/sys/fs/cgroup/cgroup.controllers'].map((path) =>
      isThere(path, constants.F_OK),
    ),
  )
  return [
    ...(process.getuid?.() === 0 ? [] : [{ what: 'the rights of root', mend: 'run ./evenkeel up as root' }]),
    ...(missing.length === 0
      ? []
      : [{ what: missing.join(', '), mend: `as root: apt-get install -y ${[...packages].sort().join(' ')}` }]),
    ...(loop
      ? []
      : [{ what: 'loop devices (/dev/loop-control)', mend: 'as root: modprobe loop; a container needs them given' }]),
    ...(version1 || version2
      ? []
      : [
          {
            what: 'control groups (/sys/fs/cgroup)',
            mend: 'mount them; a container needs them given, to be written to',
          },
        ]),
  ]
}

async function isThere(path: string, mode: number): Promise<boolean> {
  return await access(path, mode).then(
    () => true,
    () => false,
  )
}
