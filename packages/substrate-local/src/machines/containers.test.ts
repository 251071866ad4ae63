import { existsSync } from 'node:fs'
import { programPath } from '@evenkeel/distribution'
import { waitFor } from '@evenkeel/kernel/testing'
import type { MachineSpec } from '@evenkeel/substrate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readProcess } from '../processes/index.ts'
import { type LocalMachines, makeLocalMachines, testProgram } from '../testing/local-machines.ts'
import { whatMachinesLack } from './index.ts'
import { machineGroup } from './machine-paths.ts'

const CONTAINERD = 'v2.4.2'
const RUNC = 'v1.5.2'
const PROGRAMS = [
  { name: 'containerd', version: CONTAINERD },
  { name: 'containerd-shim-runc-v2', version: CONTAINERD },
  { name: 'ctr', version: CONTAINERD },
  { name: 'runc', version: RUNC },
] as const

const lacks = [
  ...(await whatMachinesLack()).map(({ what }) => what),
  ...PROGRAMS.filter((program) => !existsSync(programPath(program))).map(({ name, version }) => `${name} ${version}`),
]

describe.runIf(lacks.length === 0)(`containers on a machine${lacks.length === 0 ? '' : ` (lacking: ${lacks})`}`, () => {
  let world: LocalMachines
  let spec: MachineSpec
  beforeAll(async () => {
    world = await makeLocalMachines({
      resolver: async (program) => ({
        file: programPath(PROGRAMS.find(({ name }) => name === program.name)!),
        args: [],
      }),
    })
    const containerd = testProgram('containerd', {
      program: PROGRAMS[0],
      args: ['--config', '/etc/evenkeel/containerd.toml', '--log-level', 'warn'],
      files: [{ path: 'containerd.toml', content: CONFIG, onChange: 'restart' }],
    })
    spec = await world.machine({
      cluster: 'pods',
      name: 'n1',
      resources: { cpus: 1, memoryMib: 512, diskGib: 1 },
      tools: PROGRAMS,
      programs: [containerd],
    })
    await world.machines.ensure(spec)
    await waitFor(() => world.inside(spec, 'ctr', 'version'), { what: 'containerd to answer', deadlineMs: 20_000 })
  }, 60_000)
  afterAll(async () => {
    await world?.dispose()
  })

  const startContainer = (name: string, ...words: string[]) =>
    world.inside(spec, 'sh', '-c', `${ROOT_FOLDER}; exec "$@"`, 'start', ...runWords(name), ...words)
  const containersOf = () => world.inside(spec, 'ctr', 'task', 'ls')
  const pidOf = async (name: string) => Number(new RegExp(`^${name} +(\\d+)`, 'm').exec(await containersOf())?.[1])

  it('when a container is started, it runs in a group of the machine and on its disk', async () => {
    await startContainer('one', 'sh', '-c', 'echo written >/written; exec sleep 1000')
    const pid = await waitFor(() => pidOf('one'), { what: 'the container to run' })
    const groups = await world.inside(spec, 'cat', `/proc/${pid}/cgroup`)
    expect(groups).toMatch(/memory:\/kubepods\/one$|^0::\/kubepods\/one$/m)
    expect(await world.inside(spec, 'cat', '/var/container/written')).toBe('written')
    expect(readProcess(pid)?.command).toBe('sleep')
  })

  it('when containerd is killed, the container lives on, and the next containerd finds it', async () => {
    const pid = await pidOf('one')
    await world.killProgram(spec, 'containerd')
    expect(readProcess(pid)?.command).toBe('sleep')
    await waitFor(async () => (await pidOf('one')) === pid, { what: 'the next containerd', deadlineMs: 20_000 })
  })

  it('when the machine is rebooted, its containers end with it', async () => {
    const pid = await pidOf('one')
    await world.machines.reboot(spec)
    expect(readProcess(pid)).toBeUndefined()
    await waitFor(containersOf, { what: 'containerd to answer', deadlineMs: 20_000 })
    expect(await world.inside(spec, 'cat', '/var/container/written')).toBe('written')
  })

  it('when the machine is removed with containers on it, nothing is left', async () => {
    await world.inside(spec, 'ctr', 'container', 'rm', 'one')
    await startContainer('two', 'sleep', '1000')
    const pid = await waitFor(() => pidOf('two'), { what: 'the container to run' })
    const started = performance.now()
    await waitFor(async () => (await world.machines.remove(spec)) === 'gone', { what: 'its end', deadlineMs: 20_000 })
    expect(performance.now() - started).toBeLessThan(10_000)
    expect(readProcess(pid)).toBeUndefined()
    expect(await world.tracesOf(spec)).toEqual([])
    expect(machineGroup(world.substrate.installation.id, spec)).toContain('pods/n1')
  })
})

const CONFIG = [
  'version = 3',
  'root = "/var/lib/containerd"',
  'state = "/run/containerd"',
  'disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri"]',
  '[grpc]',
  '  address = "/run/containerd/containerd.sock"',
  '',
].join('\n')

/** A root with the machine's own programs. */
const ROOT_FOLDER = [
  'root=/var/container',
  'mkdir -p $root/usr $root/proc $root/dev $root/sys $root/run $root/tmp',
  'for name in bin sbin lib lib64; do [ -L $root/$name ] || ln -s usr/$name $root/$name; done',
].join('; ')
function runWords(name: string): readonly string[] {
  const options = `--env PATH=/usr/bin --cgroup /kubepods/${name} --mount type=bind,src=/usr,dst=/usr,options=rbind:ro`
  return ['ctr', 'run', '-d', '--rootfs', ...options.split(' '), '/var/container', name]
}
