import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { MACHINE_FOLDERS } from '@evenkeel/substrate-local'
import { afterAll, describe, expect, test } from 'vitest'
import { type Finished, Installation, run } from './installation.ts'
import { ADDED_MEMBER, makeOtherSources } from './other-sources.ts'
import { Prober, probedCluster } from './prober.ts'

const launcher = join(dirname(import.meta.dirname), 'evenkeel')

interface Status {
  readonly service: { readonly ready: boolean }
  readonly home: { readonly ready: boolean }
  readonly keepers: readonly { readonly acts: boolean }[]
  readonly clustersFrom: string
  readonly clusters: readonly { readonly name: string; readonly phase: string; readonly waits: readonly string[] }[]
}

/** A command of `./evenkeel` that gets a signal after some seconds; INT is Ctrl-C. */
function interrupted(
  evenkeel: Installation,
  how: { readonly signal: 'INT' | 'KILL'; readonly seconds: number },
  args: readonly string[],
): Promise<Finished> {
  const timeout = ['--preserve-status', '-s', how.signal, String(how.seconds), launcher, ...args]
  return run('timeout', timeout, { deadlineMs: 60_000, env: { EVENKEEL_HOME: evenkeel.home } })
}

/** What a power cut can leave of files that were never synced: their names. */
function emptyFiles(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) truncateSync(join(entry.parentPath, entry.name))
  }
}

/** Names of what an installation holds of the machine's addresses and ports. */
function claimsOf(home: string): string[] {
  return MACHINE_FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) =>
    readdirSync(folder).filter((name) => readlinkSync(join(folder, name)) === home),
  )
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

  const up = () => evenkeel.evenkeel(['up', '--no-demo'], { deadlineMs: 300_000 })
  const status = async () => JSON.parse((await evenkeel.tryEvenkeel(['status', '-o', 'json'])).stdout) as Status

  test('when up is interrupted at any moment, the next one goes on', async () => {
    for (const how of [
      { signal: 'INT', seconds: 0.3 },
      { signal: 'KILL', seconds: 0.8 },
      { signal: 'INT', seconds: 1 },
      { signal: 'KILL', seconds: 1.5 },
      { signal: 'INT', seconds: 2.5 },
    ] as const) {
      const done = await interrupted(evenkeel, how, ['up', '--no-demo'])
      // A fast machine may be done before. Killed by a signal is -1.
      expect(how.signal === 'INT' ? [0, 130] : [0, -1]).toContain(done.code)
      expect(done.stderr).not.toMatch(/\n\s+at /)
    }
    await up()
    expect((await evenkeel.tryEvenkeel(['status'])).code).toBe(0)
  })

  test('when a first up was killed, destroy leaves no trace of it; what is no installation it leaves alone', async () => {
    const other = new Installation()
    try {
      await interrupted(other, { signal: 'KILL', seconds: 0.9 }, ['up', '--no-demo'])
      await other.evenkeel(['destroy', '--yes'], { deadlineMs: 60_000 })
      expect(existsSync(other.home)).toBe(false)
      expect(other.processes()).toEqual([])
      expect(claimsOf(other.home)).toEqual([])

      mkdirSync(join(other.home, 'records'), { recursive: true })
      await other.evenkeel(['destroy', '--yes'])
      expect(existsSync(other.home)).toBe(false)

      mkdirSync(other.home)
      writeFileSync(join(other.home, 'novel.txt'), 'chapter 1')
      const refused = await other.tryEvenkeel(['destroy', '--yes'])
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('is no installation of Evenkeel') })
      expect(readFileSync(join(other.home, 'novel.txt'), 'utf8')).toBe('chapter 1')
    } finally {
      await other.destroy()
    }
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

  test('when up comes with other sources and CRDs, they are brought in while clusters serve without an error', async () => {
    const before = hostedPids(evenkeel)
    const other = makeOtherSources(join(evenkeel.scratch, 'pulled'))
    const prober = new Prober(probedCluster(evenkeel, 'web'))
    await prober.start()
    const done = await run(other.launcher, ['up', '--no-demo'], {
      deadlineMs: 300_000,
      env: { EVENKEEL_HOME: evenkeel.home },
    })
    await prober.untilAnswered().finally(() => prober.stop())
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('6 programs restarted') })
    expect(prober.errors).toEqual([])
    expect(hostedPids(evenkeel)).toEqual(before)
    const ours = evenkeel.processes().filter(({ command }) => /packages\/\w+\/src\/main\.ts/.test(command))
    expect(ours.filter(({ command }) => !command.includes(evenkeel.scratch))).toEqual([])
    const crd = await evenkeel.evenkeel(['kubectl', '--home', 'get', 'crd', 'clusters.evenkeel.dev', '-o', 'json'])
    expect(crd).toContain(ADDED_MEMBER)
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
    const follow = ['logs', 'evenkeel', 'keeper', '--zone', 'b', '--tail', '1', '--follow']
    const followed = await interrupted(evenkeel, { signal: 'INT', seconds: 1 }, follow)
    expect(followed).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('"zone":"b"') })
  })

  test('when doctor finds something wrong, it says how to mend it, and that mends it', async () => {
    interface Finding {
      readonly subject: string
      readonly state: string
      readonly mend?: string
    }
    const permissions = async () => {
      const { code, stdout } = await evenkeel.tryEvenkeel(['doctor', '-o', 'json'])
      const { findings } = JSON.parse(stdout) as { findings: Finding[] }
      expect(findings.filter(({ state, mend }) => (state === 'ok') !== (mend === undefined))).toEqual([])
      expect(code).toBe(findings.some(({ state }) => state === 'problem') ? 3 : 0)
      return findings.find(({ subject }) => subject === 'permissions')
    }
    const secret = join(evenkeel.home, 'aws/credentials')
    chmodSync(secret, 0o644)
    const found = await permissions()
    expect(found).toMatchObject({ state: 'problem', mend: `chmod go= ${secret}` })
    await run('sh', ['-c', found?.mend ?? 'false'])
    expect(await permissions()).toMatchObject({ state: 'ok' })
  })

  test('when the power fails, up brings everything back with what clusters held', async () => {
    for (const { pid } of evenkeel.processes()) process.kill(pid, 'SIGKILL')
    emptyFiles(join(evenkeel.home, 'run'))
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
    const refused = await evenkeel.tryEvenkeel(['user', 'create', 'bob'])
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(/^evenkeel: cannot create user bob: the home does not answer \(.*evenkeel status/)
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
