import { describe, expect, it } from 'vitest'
import { machineDigest } from './machine-digest.ts'
import type { MachineProgram, MachineSpec } from './machine-provider.ts'

const KUBELET: MachineProgram = {
  name: 'kubelet',
  program: { name: 'kubelet', version: 'v1.37.2' },
  args: ['--config=/etc/evenkeel/kubelet.yaml'],
  env: { A: '1', B: '2' },
  files: [{ path: 'kubelet.yaml', content: 'x', onChange: 'restart' }],
  stopGraceSeconds: 5,
}
const SPEC: MachineSpec = {
  cluster: 'web',
  name: 'n1',
  zone: 'a',
  instanceType: 't3.small',
  resources: { cpus: 2, memoryMib: 2048, diskGib: 4 },
  address: { host: '100.64.0.10', podCidr: '10.200.0.0/24' },
  tools: [{ name: 'runc', version: 'v1.5.0' }],
  programs: [KUBELET],
}
const withKubelet = (change: Partial<MachineProgram>) => ({ ...SPEC, programs: [{ ...KUBELET, ...change }] })

describe('machineDigest', () => {
  it.each([
    ['the memory', { ...SPEC, resources: { ...SPEC.resources, memoryMib: 4096 } }],
    ['a tool', { ...SPEC, tools: [] }],
    ['the version of a program', withKubelet({ program: { name: 'kubelet', version: 'v1.37.3' } })],
    ['an argument', withKubelet({ args: [] })],
    ['a variable', withKubelet({ env: { A: '1', B: '3' } })],
    ['a file that is reloaded', withKubelet({ files: [{ path: 'kubelet.yaml', content: 'y', onChange: 'reload' }] })],
    ['what a start waits for', withKubelet({ startsAfter: { socket: '/run/x.sock', atMostSeconds: 5 } })],
  ])('when %s changes, it changes', (_what, changed) => {
    expect(machineDigest(changed)).not.toBe(machineDigest(SPEC))
  })

  it('when the same is said in another order, it stays', () => {
    expect(machineDigest(withKubelet({ env: { B: '2', A: '1' } }))).toBe(machineDigest(SPEC))
  })
})
