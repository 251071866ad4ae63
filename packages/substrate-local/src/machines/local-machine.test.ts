import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { waitFor } from '@evenkeel/kernel/testing'
import type { MachineId, MachineSpec, ObservedMachine } from '@evenkeel/substrate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureTrees, findAbandonedProcesses, stopTrees } from '../index.ts'
import { readProcess } from '../processes/index.ts'
import { cutShort } from '../testing/cut-short.ts'
import { type LocalMachines, makeLocalMachines, scriptProgram, testProgram } from '../testing/local-machines.ts'
import { whatMachinesLack } from './index.ts'
import { machineGroup, machinePaths } from './machine-paths.ts'

const lacks = (await whatMachinesLack()).map(({ what }) => what)

describe.runIf(lacks.length === 0)(`a local machine${lacks.length === 0 ? '' : ` (this host lacks ${lacks})`}`, () => {
  let world: LocalMachines
  beforeAll(async () => {
    world = await makeLocalMachines()
  })
  afterAll(async () => {
    await world?.dispose()
  })

  const seen = async (id: MachineId) => (await world.machines.observe(id.cluster)).find(({ name }) => name === id.name)

  async function untilRunning(id: MachineId, before?: ObservedMachine): Promise<ObservedMachine> {
    const old = before?.programs.map(({ pid }) => pid) ?? []
    return await waitFor(
      async () => {
        const machine = await seen(id)
        return machine?.state === 'running' && machine.programs.every(({ pid }) => !old.includes(pid)) && machine
      },
      { what: `${id.cluster}/${id.name} to run`, deadlineMs: 20_000 },
    )
  }

  async function start(wishes: MachineId & Partial<MachineSpec>): Promise<MachineSpec> {
    const spec = await world.machine(wishes)
    await world.machines.ensure(spec)
    await untilRunning(spec)
    return spec
  }

  async function untilGone(id: MachineId): Promise<void> {
    await waitFor(async () => (await world.machines.remove(id)) === 'gone', {
      what: `${id.cluster}/${id.name} to be gone`,
      deadlineMs: 20_000,
    })
  }

  const logOf = async (id: MachineId, program: string) =>
    await readFile(join(world.home, 'logs', id.cluster, `${id.name}.${program}`, 'current'), 'utf8').catch(() => '')

  it('when it runs, its programs are in namespaces of its own and see what is its own', async () => {
    const spec = await start({ cluster: 'own', name: 'n1', resources: { cpus: 1, memoryMib: 300, diskGib: 2 } })
    const inside = (...words: string[]) => world.inside(spec, ...words)
    const { pid } = (await seen(spec))!.programs[0]!
    for (const kind of ['mnt', 'uts', 'net', 'cgroup']) {
      const namespace = await inside('readlink', `/proc/self/ns/${kind}`)
      expect(namespace, kind).not.toBe(await inside('sh', '-c', `readlink /proc/${process.pid}/ns/${kind}`))
      expect(namespace, kind).toBe(await inside('readlink', `/proc/${pid}/ns/${kind}`))
    }
    expect(await inside('uname', '-n')).toBe('n1')
    expect(await inside('cat', '/etc/hostname')).toBe('n1')
    expect(hostname()).not.toBe('n1')
    expect(await inside('sh', '-c', 'ip -o -4 addr show eth0')).toContain(`${spec.address.host}/`)
    expect(await inside('ls', '/sys/class/net')).toBe('eth0\nlo')
    expect(await inside('cat', '/proc/self/cgroup')).toMatch(/:\/system$/m)
    expect(await inside('cat', '/proc/self/cgroup')).not.toContain('evenkeel-')
    expect(await inside('grep', 'MemTotal', '/proc/meminfo')).toMatch(new RegExp(`: +${300 * 1024} kB`))
    expect(await inside('sh', '-c', 'ls -d /sys/devices/system/node/node0/cpu[0-9]*')).toMatch(/cpu0$/)
    const gib = Number(await inside('sh', '-c', 'df -k --output=size / | tail -1')) / 2 ** 20
    expect(gib).toBeGreaterThan(1.8)
    expect(gib).toBeLessThan(2)
    // Its programs do not see the state folder, and yet belong to it.
    expect([...(await findAbandonedProcesses()).keys()]).not.toContain(world.home)
    // The host's programs are there, and nothing of the host's can be changed.
    await expect(inside('touch', '/usr/x')).rejects.toThrow(/Read-only/)
    expect(await inside('sh', '-c', `ls ${world.home} 2>&1 || :`)).toContain('No such file')
    expect(await inside('sleep', '--version')).toContain('coreutils')
    expect(await inside('sh', '-c', 'readlink -f /opt/evenkeel/bin/sleep; echo $PATH')).toMatch(
      /^\/usr\/bin\/sleep\n\/opt\/evenkeel\/bin:/,
    )
  })

  it('when a file of a program changes, the machine sees it at once', async () => {
    const before = await start({ cluster: 'files', name: 'n1', programs: [withFile('old')] })
    expect(await world.inside(before, 'cat', '/etc/evenkeel/pki/ca.crt')).toBe('old')
    await world.machines.ensure({ ...before, programs: [withFile('new')] })
    expect(await world.inside(before, 'cat', '/etc/evenkeel/pki/ca.crt')).toBe('new')
    expect(await world.inside(before, 'stat', '-c', '%a', '/etc/evenkeel/pki/ca.crt')).toBe('600')
  })

  function withFile(content: string) {
    return testProgram('one', { files: [{ path: 'pki/ca.crt', content, onChange: 'reload' }] })
  }

  it('when one program awaits the socket of another, it starts as soon as that is there', async () => {
    const server = `require('net').createServer().listen('/run/x.sock')`
    const spec = await start({
      cluster: 'awaits',
      name: 'n1',
      tools: [{ name: 'node', version: 'system' }],
      programs: [
        scriptProgram('second', '[ -S /run/x.sock ] && echo "the socket is there"; exec sleep 1000', {
          startsAfter: { socket: '/run/x.sock', atMostSeconds: 60 },
        }),
        testProgram('first', { program: { name: 'node', version: 'system' }, args: ['-e', server] }),
      ],
    })
    await waitFor(async () => (await logOf(spec, 'second')).includes('the socket is there'), {
      what: 'the second program to have found the socket',
    })
  })

  it('when a program takes more memory than the machine has, it is ended, and nothing else is', async () => {
    const eat = 'exec node -e "const all = []; for (;;) all.push(Buffer.alloc(8 << 20, 1))"'
    const spec = await start({
      cluster: 'memory',
      name: 'n1',
      resources: { cpus: 1, memoryMib: 128, diskGib: 1 },
      tools: [{ name: 'node', version: 'system' }],
      programs: [testProgram('quiet'), scriptProgram('eater', `sleep 0.5; ${eat}`)],
    })
    const killsOf = () => {
      const group = machineGroup(world.substrate.installation.id, spec)
      const [one, two] = [
        `/sys/fs/cgroup/memory/${group}/system/memory.oom_control`,
        `/sys/fs/cgroup/${group}/memory.events`,
      ]
      return Number(/oom_kill (\d+)/.exec(readFileSync(existsSync(one) ? one : two, 'utf8'))?.[1])
    }
    await waitFor(() => killsOf() > 0, { what: 'the kernel to end the eater', deadlineMs: 20_000 })
    const quiet = (await seen(spec))?.programs.find(({ name }) => name === 'quiet')
    expect(readProcess(quiet?.pid ?? 0)?.command).toBe('sleep')
    await untilGone(spec)
    expect(await world.tracesOf(spec)).toEqual([])
  })

  it('when its disk is full, only it is full, and what is on it is there after a reboot', async () => {
    const spec = await start({ cluster: 'disk', name: 'n1' })
    await world.inside(spec, 'sh', '-c', 'echo kept >/var/kept; echo gone >/run/gone; echo changed >/etc/passwd')
    const said = await world.inside(spec, 'sh', '-c', 'fallocate -l 2G /var/big 2>&1; echo more >/var/more 2>&1 || :')
    expect(said).toContain('No space left')
    const other = await start({ cluster: 'disk', name: 'n2' })
    await world.inside(other, 'sh', '-c', 'echo fits >/var/fits')

    const before = await seen(spec)
    await world.machines.reboot(spec)
    await untilRunning(spec, before)
    expect(await world.inside(spec, 'cat', '/var/kept')).toBe('kept')
    expect(await world.inside(spec, 'sh', '-c', 'ls /run/gone 2>&1 || :')).toContain('No such file')
    expect(await world.inside(spec, 'cat', '/etc/passwd')).toContain('root:')
    for (const machine of [spec, other]) {
      await untilGone(machine)
      expect(await world.tracesOf(machine)).toEqual([])
    }
  })

  it('when it is to have a larger disk, it has it from its next start on', async () => {
    const spec = await start({ cluster: 'grows', name: 'n1' })
    await world.inside(spec, 'sh', '-c', 'echo kept >/var/kept')
    const before = await seen(spec)
    await world.machines.ensure({ ...spec, resources: { ...spec.resources, diskGib: 2 } })
    expect((await seen(spec))?.programs).toEqual(before?.programs)
    await world.machines.reboot(spec)
    await untilRunning(spec, before)
    expect(Number(await world.inside(spec, 'sh', '-c', 'df -k --output=size / | tail -1'))).toBeGreaterThan(
      1.8 * 2 ** 20,
    )
    expect(await world.inside(spec, 'cat', '/var/kept')).toBe('kept')
  })

  it('when its network namespace was replaced, it is made anew in the new one by the next start', async () => {
    const spec = await start({ cluster: 'replaced', name: 'n1' })
    const before = await seen(spec)
    await run('ip', 'netns', 'del', world.namespaceOf(spec))
    await world.killProgram(spec, 'one')
    await untilRunning(spec, before)
    expect(await world.inside(spec, 'sh', '-c', 'ip -o -4 addr show eth0')).toContain(`${spec.address.host}/`)
    await untilGone(spec)
    expect(await world.tracesOf(spec)).toEqual([])
  })

  it('when a program leaves processes, mounts and groups behind, a removal leaves no trace of them', async () => {
    const mess = [
      'mkdir -p /var/lib/x && mount -t tmpfs tmpfs /var/lib/x',
      'ip netns add pod',
      'for hierarchy in /sys/fs/cgroup/*/; do mkdir -p $hierarchy/kubepods/pod; done',
      'setsid sleep 1000 </dev/null >/dev/null 2>&1 &',
      // Away from the group that programs are in, as containers are.
      'echo $! >/sys/fs/cgroup/memory/kubepods/pod/cgroup.procs 2>/dev/null || :',
      'setsid ip netns exec pod sleep 1000 </dev/null >/dev/null 2>&1 &',
      'exec sleep 1000',
    ].join('\n')
    const spec = await start({ cluster: 'mess', name: 'n1', programs: [scriptProgram('messy', mess)] })
    await waitFor(async () => (await world.inside(spec, 'ip', 'netns', 'list')).includes('pod'), { what: 'the mess' })
    expect((await world.tracesOf(spec)).length).toBeGreaterThan(5)
    await untilGone(spec)
    expect(await world.tracesOf(spec)).toEqual([])
  })

  it('when everything of it is killed, it comes back by itself, over its disk', async () => {
    const spec = await start({ cluster: 'killed', name: 'n1' })
    await world.inside(spec, 'sh', '-c', 'echo kept >/var/kept; sync')
    const before = await seen(spec)
    await run('sh', machinePaths(world.substrate.paths, spec).halt)
    await untilRunning(spec, before)
    expect(await world.inside(spec, 'cat', '/var/kept')).toBe('kept')
  })

  it('when a supervisor is killed, its program lives on, and is followed by one copy', async () => {
    const spec = await start({ cluster: 'lost', name: 'n1', programs: [testProgram('one')] })
    const before = await seen(spec)
    const { pid } = before!.programs[0]!
    process.kill(readProcess(pid!)!.parentPid, 'SIGKILL')
    await waitFor(async () => (await seen(spec))?.programs[0]?.state === 'unsupervised', {
      what: 'the loss to be seen',
    })
    expect((await seen(spec))?.programs[0]).toEqual({ name: 'one', state: 'unsupervised', pid })
    await ensureTrees({ home: world.home })
    process.kill(pid!, 'SIGKILL')
    await untilRunning(spec, before)
  })

  it('when the trees are stopped, machines stop with them and leave their disks; the next trees bring them back', async () => {
    const spec = await start({ cluster: 'down', name: 'n1' })
    await world.inside(spec, 'sh', '-c', 'echo kept >/var/kept')
    const before = await seen(spec)
    await stopTrees({ home: world.home, graceSeconds: () => 3 })
    await stopTrees({ home: world.home })
    const traces = (await world.tracesOf(spec)).filter(
      (trace) => !trace.startsWith(world.home) && trace !== world.namespaceOf(spec) && !trace.includes(' via '),
    )
    expect(traces).toEqual([])
    expect((await seen(spec))?.state).toBe('booting')
    // As after a restart of the host, too.
    await run('ip', 'netns', 'del', world.namespaceOf(spec))
    await ensureTrees({ home: world.home })
    await untilRunning(spec, before)
    expect(await world.inside(spec, 'cat', '/var/kept')).toBe('kept')
  })

  it('when what supervises its programs was wiped, it is stopped or goes on unseen until it is ensured again', async () => {
    const spec = await start({ cluster: 'wiped', name: 'n1' })
    const { services, trees } = world.substrate.paths
    for (const program of ['one', 'two']) {
      await rm(join(trees, 'a', `wiped.n1.${program}`))
      await rm(join(services, 'a', `wiped.n1.${program}`), { recursive: true })
    }
    expect(await seen(spec)).toMatchObject({ digest: '' })
    await world.machines.ensure(spec)
    expect((await seen(spec))?.digest).not.toBe('')
    await untilRunning(spec)
  })

  it('when the process that makes it is killed between any two changes, the next one makes it, or removes it without a trace', async () => {
    for (let changes = 0; ; changes += 6) {
      const spec = await world.machine({ cluster: `cut-${changes}-x`, name: 'n1' })
      const end = await cutShort(changes, () => world.machines.ensure(spec))
      const state = (await seen(spec))?.state
      if (end === 'cut' && state !== undefined) {
        await world.machines.ensure(spec)
        await untilRunning(spec)
      }
      const cut = await cutShort(changes % 7, () => world.machines.remove(spec))
      if (cut === 'cut' && (await world.tracesOf(spec)).length > 0) {
        expect(await world.machines.clusters()).toContain(spec.cluster)
      }
      await untilGone(spec)
      expect(await world.tracesOf(spec), `after ${changes} changes`).toEqual([])
      if (end === 'done') break
    }
  }, 120_000)

  it('when the script that makes it is killed anywhere, the next one makes it whole', async () => {
    const spec = await start({ cluster: 'half', name: 'n1' })
    const { up, halt, lock } = machinePaths(world.substrate.paths, spec)
    await stopPrograms()
    for (const milliseconds of [5, 20, 40, 60, 80, 100, 130, 160, 200, 250, 300]) {
      await run('flock', lock, 'sh', halt)
      const script = spawn('flock', [lock, 'sh', up], { detached: true, stdio: 'ignore' })
      const ended = once(script, 'exit')
      const timer = setTimeout(() => process.kill(-script.pid!, 'SIGKILL'), milliseconds)
      await ended
      clearTimeout(timer)
      await run('flock', lock, 'sh', up)
      expect(await world.inside(spec, 'uname', '-n')).toBe('n1')
    }
    await untilGone(spec)
    expect(await world.tracesOf(spec)).toEqual([])

    async function stopPrograms() {
      const { trees } = world.substrate.paths
      for (const program of ['one', 'two']) await run('s6-svc', '-wD', '-d', join(trees, 'a', `half.n1.${program}`))
    }
  }, 60_000)
})

async function run(...words: [string, ...string[]]): Promise<void> {
  const [file, ...args] = words
  const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}`)
}
