import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { localPaths } from '../installation/index.ts'
import { machineGroup, machinePaths } from './machine-paths.ts'
import {
  downScript,
  enterScript,
  haltScript,
  type MachineFacts,
  mountsScript,
  upScript,
  waitWords,
} from './machine-scripts.ts'

const ID = { cluster: 'fk2m4xw9ab', name: 'ng-1' }
const FACTS: MachineFacts = {
  paths: machinePaths(localPaths('/state of mine'), ID),
  group: machineGroup('k7pmw2x9qa', ID),
  network: { namespace: 'ek-9-2-n1', ensure: "echo 'make it'", remove: "echo 'remove it'" },
  hostname: 'ng-1',
  machineId: '0123456789abcdef0123456789abcdef',
  resources: { cpus: 2, memoryMib: 2048, diskGib: 20 },
  tools: [
    { name: 'kubelet', file: '/store/kubernetes/v1.37.2/linux-amd64/kubelet' },
    { name: 'kube-proxy', file: '/store/kubernetes/v1.37.2/linux-amd64/kube-proxy' },
    { name: 'containerd', file: '/store/containerd/v2.4.2/linux-amd64/containerd' },
    { name: 'runc', file: '/usr/sbin/runc' },
  ],
  images: '/state of mine/images',
}
const SCRIPTS = {
  up: upScript(FACTS),
  mounts: mountsScript(FACTS),
  halt: haltScript(FACTS),
  down: downScript(FACTS),
  enter: enterScript(FACTS),
}

describe('scripts of a machine', () => {
  it.each(Object.entries(SCRIPTS))('when %s is rendered, any shell can read it', (_name, script) => {
    execFileSync('sh', ['-n'], { input: script })
  })

  it('when it has limits, they are in the units of both versions of control groups', () => {
    expect(SCRIPTS.up).toContain('memory.limit_in_bytes" 2147483648\n')
    expect(SCRIPTS.up).toContain('cpu.cfs_quota_us" 200000\n')
    expect(SCRIPTS.up).toContain('memory.max" 2147483648\n')
    expect(SCRIPTS.up).toContain("cpu.max\" '200000 100000'\n")
    expect(SCRIPTS.up).toContain('truncate -s 20G ')
  })

  it('when programs are in folders of the host, each folder is shown once, and each name leads into it', () => {
    const lines = SCRIPTS.mounts.split('\n').filter((line) => /^show \/store|^ln -s /.test(line))
    expect(lines).toEqual([
      'show /store/containerd/v2.4.2/linux-amd64 /opt/evenkeel/programs/1',
      'show /store/kubernetes/v1.37.2/linux-amd64 /opt/evenkeel/programs/2',
      'ln -s /opt/evenkeel/programs/2/kubelet "$root/opt/evenkeel/bin/"kubelet',
      'ln -s /opt/evenkeel/programs/2/kube-proxy "$root/opt/evenkeel/bin/"kube-proxy',
      'ln -s /opt/evenkeel/programs/1/containerd "$root/opt/evenkeel/bin/"containerd',
      'ln -s /usr/sbin/runc "$root/opt/evenkeel/bin/"runc',
    ])
  })

  it('when the address of a machine is not known any more, the rest of it is removed all the same', () => {
    expect(downScript({ ...FACTS, network: undefined })).not.toContain('ek-9-2-n1')
    expect(downScript({ ...FACTS, network: undefined })).toContain('cgroup.kill')
  })
})

describe('waitWords', () => {
  it('when the socket never comes, the program starts all the same', () => {
    const [shell, ...words] = [...waitWords({ socket: '/nowhere', atMostSeconds: 0.1 }), 'echo', 'started', '$x']
    expect(execFileSync(shell!, words, { encoding: 'utf8' })).toBe('started $x\n')
  })
})
