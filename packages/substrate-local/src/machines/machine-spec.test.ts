import type { MachineProgram, MachineSpec } from '@evenkeel/substrate'
import { describe, expect, it } from 'vitest'
import { filesOfMachine, requireMachine, toolsOfMachine } from './machine-spec.ts'

const program = (name: string, more: Partial<MachineProgram> = {}): MachineProgram => ({
  name,
  program: { name, version: 'v1.0.0' },
  args: [],
  env: {},
  files: [],
  stopGraceSeconds: 5,
  ...more,
})
const spec = (more: Partial<MachineSpec>): MachineSpec => ({
  cluster: 'web',
  name: 'n1',
  zone: 'a',
  instanceType: 't3.small',
  resources: { cpus: 1, memoryMib: 512, diskGib: 1 },
  address: { host: '100.64.0.11', podCidr: '10.200.1.0/24' },
  tools: [],
  programs: [program('kubelet')],
  ...more,
})
const file = (path: string, content: string) => ({ path, content, onChange: 'reload' as const })

describe('requireMachine', () => {
  it.each<[string, Partial<MachineSpec>, RegExp]>([
    ['a name that leaves its folder', { name: '../x' }, /is no name/],
    ['a dot in its name', { name: 'n.1' }, /is no name/],
    ['a zone that is none', { zone: 'z' }, /no place/],
    ['half a processor', { resources: { cpus: 0.5, memoryMib: 512, diskGib: 1 } }, /0.5 cpus/],
    ['no disk', { resources: { cpus: 1, memoryMib: 512, diskGib: 0 } }, /0 diskGib/],
    ['two programs of one name', { programs: [program('x'), program('x')] }, /two programs/],
    ['a program with the name of loggers', { programs: [program('log')] }, /log/],
  ])('when a machine is to have %s, it refuses', (_what, more, message) => {
    expect(() => requireMachine(spec(more))).toThrow(message)
  })
})

describe('files and tools of a machine', () => {
  it('when two programs have the same file, it is one', () => {
    const programs = [
      program('kubelet', { files: [file('ca.crt', 'CA'), file('kubelet.yaml', 'x')] }),
      program('kube-proxy', { files: [file('ca.crt', 'CA')] }),
    ]
    expect(filesOfMachine(spec({ programs })).all.map(({ path }) => path)).toEqual(['ca.crt', 'kubelet.yaml'])
  })

  it('when two programs have different files at one path, it refuses', () => {
    const programs = ['A', 'B'].map((content) => program(content.toLowerCase(), { files: [file('ca.crt', content)] }))
    expect(() => filesOfMachine(spec({ programs }))).toThrow(/two files ca.crt/)
  })

  it('when a program is a tool, too, it is there once; in two versions it refuses', () => {
    expect(toolsOfMachine(spec({ tools: [{ name: 'kubelet', version: 'v1.0.0' }] }))).toHaveLength(1)
    expect(() => toolsOfMachine(spec({ tools: [{ name: 'kubelet', version: 'v2.0.0' }] }))).toThrow(/two versions/)
  })
})
