import { existsSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type Finished, Installation, run } from './installation.ts'

const launcher = join(dirname(import.meta.dirname), 'evenkeel')

interface Status {
  readonly service: { readonly ready: boolean }
  readonly home: { readonly ready: boolean }
  readonly keepers: readonly { readonly acts: boolean }[]
  readonly clustersFrom: string
  readonly clusters: readonly { readonly name: string; readonly phase: string; readonly waits: readonly string[] }[]
}

/** `./evenkeel up` that gets Ctrl-C after some seconds. */
function interruptedUp(evenkeel: Installation, seconds: number): Promise<Finished> {
  const args = ['--preserve-status', '-s', 'INT', String(seconds), launcher, 'up', '--no-demo']
  return run('timeout', args, { deadlineMs: 60_000, env: { EVENKEEL_HOME: evenkeel.home } })
}

/** Pids by what runs, of what belongs to hosted clusters. */
function hostedPids(evenkeel: Installation): number[] {
  const hosted = /\/(kube-apiserver|kube-controller-manager|kube-scheduler|etcd|haproxy) /
  return evenkeel
    .processes()
    .filter(({ command }) => hosted.test(command))
    .map(({ pid }) => pid)
    .sort((one, other) => one - other)
}

describe('when an installation lives', () => {
  const evenkeel = new Installation()
  afterAll(() => evenkeel.destroy(), 180_000)

  const up = (options: { readonly env?: Record<string, string> } = {}) =>
    evenkeel.evenkeel(['up', '--no-demo'], { deadlineMs: 300_000, ...options })
  const status = async () => JSON.parse((await evenkeel.tryEvenkeel(['status', '-o', 'json'])).stdout) as Status

  test('when up is interrupted at any moment, the next one goes on', async () => {
    for (const seconds of [0.3, 1, 2.5]) {
      const interrupted = await interruptedUp(evenkeel, seconds)
      // A fast machine may be done before.
      expect([0, 130]).toContain(interrupted.code)
      expect(interrupted.stderr).not.toMatch(/\n\s+at /)
    }
    await up()
    expect((await evenkeel.tryEvenkeel(['status'])).code).toBe(0)
  })

  test('when up runs twice at once, one waits, knows for whom, and both end well', async () => {
    // From a stop, so that each takes long enough to meet the other.
    await evenkeel.evenkeel(['down'], { deadlineMs: 60_000 })
    const both = await Promise.all([up(), up()])
    expect(both.filter((output) => /waits for evenkeel up \(pid \d+\)/.test(output))).toHaveLength(1)
  })

  test('when a cluster is made with our own command line, it is ACTIVE at the end and answers', async () => {
    await evenkeel.evenkeel(['cluster', 'create', 'web'], { deadlineMs: 300_000 })
    expect(await evenkeel.evenkeel(['cluster', 'list'])).toMatch(/^web\s+ACTIVE\s+1\.\d+\s+https:/m)
    const described = JSON.parse(await evenkeel.evenkeel(['cluster', 'describe', 'web', '-o', 'json'])) as {
      cluster: { name: string; status: string }
    }
    expect(described.cluster).toMatchObject({ name: 'web', status: 'ACTIVE' })
    await evenkeel.evenkeel(['kubectl', 'web', 'create', 'namespace', 'kept'])
  })

  test('when up comes with other settings or sources, our programs restart and clusters serve on', async () => {
    const before = hostedPids(evenkeel)
    const output = await up({ env: { EVENKEEL_LOG_LEVEL: 'debug' } })
    expect(output).toMatch(/6 programs restarted/)
    expect(hostedPids(evenkeel)).toEqual(before)
    expect(await evenkeel.evenkeel(['kubectl', 'web', 'get', 'namespace', 'kept', '-o', 'name'])).toBe(
      'namespace/kept\n',
    )
  })

  test('when logs are asked for, every member of a component is shown; what is not there is named', async () => {
    expect(await evenkeel.evenkeel(['logs', 'web', 'etcd', '--tail', '1'])).toMatch(/^etcd-a: .*\netcd-b: .*\netcd-c: /)
    expect(await evenkeel.evenkeel(['logs', 'home', 'kube-apiserver', '--tail', '3'])).not.toBe('')
    expect(await evenkeel.evenkeel(['logs', 'evenkeel', 'keeper', '--zone', 'a', '--tail', '1'])).toContain(
      '"zone":"a"',
    )
    const missing = await evenkeel.tryEvenkeel(['logs', 'web', 'kubelet'])
    expect(missing).toMatchObject({ code: 1, stdout: '' })
    expect(missing.stderr).toMatch(/^evenkeel: web has no logs of kubelet: there are logs of .*etcd/)
  })

  test('when the power fails, up brings everything back with what clusters held', async () => {
    for (const { pid } of evenkeel.processes()) process.kill(pid, 'SIGKILL')
    rmSync(join(evenkeel.home, 'run'), { recursive: true, force: true })
    await up()
    expect(await evenkeel.evenkeel(['kubectl', 'web', 'get', 'namespace', 'kept', '-o', 'name'])).toBe(
      'namespace/kept\n',
    )
  })

  test('when service and home do not answer, status says so and shows what the acting keeper sees', async () => {
    expect(await status()).toMatchObject({ service: { ready: true }, home: { ready: true }, clustersFrom: 'home' })
    const silenced = evenkeel
      .processes()
      .filter(({ pid, command }) => {
        const isHome =
          command.includes('/kube-apiserver ') && readlinkSync(`/proc/${pid}/cwd`).includes('/clusters/home/')
        return isHome || command.includes('/packages/service/src/main.ts')
      })
      .map(({ pid }) => pid)
    expect(silenced).toHaveLength(2)
    for (const pid of silenced) process.kill(pid, 'SIGSTOP')
    try {
      const seen = await status()
      expect(seen).toMatchObject({ service: { ready: false }, home: { ready: false }, clustersFrom: 'keeper' })
      expect(seen.clusters).toMatchObject([{ name: 'web', phase: 'ACTIVE' }])
      // A cluster needs neither of them; its address is what was known before.
      expect(await evenkeel.evenkeel(['kubectl', 'web', 'get', 'namespace', 'kept', '-o', 'name'])).toBe(
        'namespace/kept\n',
      )
    } finally {
      for (const pid of silenced) process.kill(pid, 'SIGCONT')
    }
  })

  test('when everything is stopped, status says how to start it and which clusters there are', async () => {
    await evenkeel.evenkeel(['down'], { deadlineMs: 60_000 })
    expect(evenkeel.processes()).toEqual([])
    const stopped = await evenkeel.tryEvenkeel(['status'])
    expect(stopped.code).toBe(3)
    expect(stopped.stdout).toContain('Everything is stopped: ./evenkeel up brings it all back.\nclusters  web\n')
  })

  test('when a second installation stands beside it, neither sees the other', async () => {
    const second = new Installation()
    try {
      await Promise.all([up(), second.evenkeel(['up', '--no-demo'], { deadlineMs: 300_000 })])
      const read = (home: string) =>
        JSON.parse(readFileSync(join(home, 'installation.json'), 'utf8')) as { octet: number; servicePort: number }
      const [one, other] = [read(evenkeel.home), read(second.home)]
      expect(one.octet).not.toBe(other.octet)
      expect(one.servicePort).not.toBe(other.servicePort)
      expect(await second.evenkeel(['cluster', 'list'])).toContain('no clusters')
      await second.evenkeel(['destroy', '--yes'], { deadlineMs: 60_000 })
      expect(existsSync(second.home)).toBe(false)
      expect(await evenkeel.evenkeel(['cluster', 'list'])).toMatch(/^web\s+ACTIVE/m)
    } finally {
      await second.destroy()
    }
  })

  test('when a command is used wrongly, it says so in one line and with its own exit status', async () => {
    const rows: [args: string[], code: number, says: RegExp][] = [
      [['nonsense'], 2, /^evenkeel: unknown command 'nonsense'/],
      [['destroy'], 2, /^evenkeel: this would remove .* --yes does it$/],
      [['kubectl'], 2, /^evenkeel: name the cluster first/],
      [['cluster', 'describe', 'nope'], 1, /^evenkeel: cannot describe cluster nope: ResourceNotFoundException: /],
      [['cluster', 'create', 'bad name'], 1, /^evenkeel: cannot create cluster bad name: InvalidParameterException: /],
      [['kubectl', 'nope', 'get', 'pods'], 1, /^evenkeel: cannot find cluster nope: ResourceNotFoundException: /],
      [['up', '--address', '192.0.2.1'], 1, /^evenkeel: address 192\.0\.2\.1 cannot be had/],
    ]
    for (const [args, code, says] of rows) {
      const done = await evenkeel.tryEvenkeel(args)
      expect(done.code, args.join(' ')).toBe(code)
      expect(done.stderr.trim()).toMatch(says)
      expect(done.stderr.trim().split('\n')).toHaveLength(1)
    }
  })

  test('when a second identity is made, its key is shown once and it has no rights', async () => {
    const { accessKey } = JSON.parse(await evenkeel.evenkeel(['user', 'create', 'ann', '-o', 'json'])) as {
      accessKey: { accessKeyId: string; secretAccessKey: string }
    }
    const env = { KEY: accessKey.accessKeyId, SECRET: accessKey.secretAccessKey }
    const line =
      'export AWS_ACCESS_KEY_ID="$KEY" AWS_SECRET_ACCESS_KEY="$SECRET"; until said=$(aws eks list-clusters 2>&1) || ! grep -q UnrecognizedClient <<<"$said"; do sleep 0.2; done; echo "$said"'
    expect(await evenkeel.shell(line, { env })).toContain('AccessDenied')
    expect((await evenkeel.tryEvenkeel(['user', 'create', 'ann'])).stderr).toContain('there is a user ann already')
  })
})
