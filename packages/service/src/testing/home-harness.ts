import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { defaultRelease, ensurePrograms, programPath } from '@evenkeel/distribution'
import { KubeClient, type KubeConnection } from '@evenkeel/kernel'
import { freePort, waitFor } from '@evenkeel/kernel/testing'

/** Whom the harness lets in. */
export interface HarnessUser {
  readonly user: string
  readonly groups?: readonly string[]
}

const ADMIN: HarnessUser = { user: 'kubernetes-admin', groups: ['system:masters'] }

/** The programs may have to be built first. */
export const HARNESS_TIMEOUT_MS = 30 * 60_000

/**
 * A real home for tests: one etcd and one kube-apiserver of the default release, on loopback, with nothing in it. The
 * data is gone when it stops.
 */
export class HomeHarness {
  readonly #folder: string
  readonly #port: number
  readonly #tokens: ReadonlyMap<string, string>
  readonly #processes: ChildProcess[] = []
  #apiServer: { readonly program: string; readonly flags: Readonly<Record<string, string>> } | undefined
  #caCertificate = ''

  private constructor(folder: string, port: number, tokens: ReadonlyMap<string, string>) {
    this.#folder = folder
    this.#port = port
    this.#tokens = tokens
  }

  /** Users beside the master. */
  static async start(users: readonly HarnessUser[] = []): Promise<HomeHarness> {
    const { kubernetes, etcd } = defaultRelease()
    await ensurePrograms({
      kubernetes: [kubernetes.version],
      etcd: [etcd.version],
      programs: ['kube-apiserver', 'kubectl', 'etcd'],
    })
    const everyone = [ADMIN, ...users]
    const tokens = new Map(everyone.map(({ user }) => [user, randomBytes(16).toString('hex')]))
    const folder = await mkdtemp(join(tmpdir(), 'evenkeel-home-'))
    const harness = new HomeHarness(folder, await freePort(), tokens)
    try {
      const lines = everyone.map(({ user, groups = [] }) => `${tokens.get(user)},${user},${user},"${groups.join(',')}"`)
      await writeFile(join(folder, 'tokens.csv'), `${lines.join('\n')}\n`, { mode: 0o600 })
      await harness.#startPrograms({
        apiServer: programPath({ name: 'kube-apiserver', version: kubernetes.version }),
        etcd: programPath({ name: 'etcd', version: etcd.version }),
      })
      return harness
    } catch (error) {
      const said = await harness.#lastWords()
      await harness.stop()
      throw new Error(`the home for tests did not start: ${said}`, { cause: error })
    }
  }

  /** The master's connection when not told whose. */
  connection(user = ADMIN.user): KubeConnection {
    const token = this.#tokens.get(user)
    if (token === undefined) throw new Error(`the harness was started without a user ${user}`)
    return { server: `https://127.0.0.1:${this.#port}`, caCertificate: this.#caCertificate, token }
  }

  client(user?: string): KubeClient {
    return new KubeClient(this.connection(user), { userAgent: 'evenkeel-test' })
  }

  /** What kubectl prints, as the master. */
  async kubectl(...words: readonly string[]): Promise<string> {
    const file = join(this.#folder, 'kubeconfig')
    const { server, caCertificate = '', token } = this.connection()
    const cluster = { server, 'certificate-authority-data': Buffer.from(caCertificate).toString('base64') }
    const config = {
      'current-context': 'home',
      contexts: [{ name: 'home', context: { cluster: 'home', user: 'home' } }],
      clusters: [{ name: 'home', cluster }],
      users: [{ name: 'home', user: { token } }],
    }
    await writeFile(file, JSON.stringify(config), { mode: 0o600 })
    const program = programPath({ name: 'kubectl', version: defaultRelease().kubernetes.version })
    const { stdout } = await promisify(execFile)(program, ['--kubeconfig', file, '--cache-dir', this.#folder, ...words])
    return stdout
  }

  /** The API server is gone, with nothing lost, until `resume`. */
  async interrupt(): Promise<void> {
    const apiServer = this.#processes.pop()
    if (apiServer !== undefined) await end(apiServer)
  }

  async resume(): Promise<void> {
    if (this.#apiServer === undefined) throw new Error('the home for tests was never started')
    await this.#run(this.#apiServer.program, this.#apiServer.flags)
    await this.#whenReady()
  }

  async stop(): Promise<void> {
    for (const program of this.#processes.reverse()) await end(program)
    await rm(this.#folder, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #startPrograms({ apiServer, etcd }: { readonly apiServer: string; readonly etcd: string }): Promise<void> {
    const [clientPort, peerPort] = [await freePort(), await freePort()]
    await this.#run(etcd, {
      'data-dir': join(this.#folder, 'etcd'),
      'listen-client-urls': `http://127.0.0.1:${clientPort}`,
      'advertise-client-urls': `http://127.0.0.1:${clientPort}`,
      'listen-peer-urls': `http://127.0.0.1:${peerPort}`,
      'initial-advertise-peer-urls': `http://127.0.0.1:${peerPort}`,
      'initial-cluster': `default=http://127.0.0.1:${peerPort}`,
    })
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const keyFile = join(this.#folder, 'service-accounts.key')
    await writeFile(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
    const flags = {
      'etcd-servers': `http://127.0.0.1:${clientPort}`,
      'bind-address': '127.0.0.1',
      'secure-port': String(this.#port),
      'advertise-address': '198.18.0.1',
      'cert-dir': join(this.#folder, 'certificates'),
      'token-auth-file': join(this.#folder, 'tokens.csv'),
      'authorization-mode': 'RBAC',
      'disable-admission-plugins': 'ServiceAccount',
      'service-cluster-ip-range': '10.96.0.0/24',
      'service-account-issuer': 'https://home.test',
      'service-account-key-file': keyFile,
      'service-account-signing-key-file': keyFile,
    }
    this.#apiServer = { program: apiServer, flags }
    await this.resume()
  }

  async #whenReady(): Promise<void> {
    await waitFor(
      async () => {
        // No use in waiting on: said below.
        if (this.#processes.some((program) => program.exitCode !== null)) return true
        this.#caCertificate = await readFile(join(this.#folder, 'certificates/apiserver.crt'), 'utf8')
        return (await this.client().request('/readyz')) === 'ok'
      },
      { what: 'the API server to be ready', deadlineMs: 60_000 },
    )
    if (this.#processes.some((program) => program.exitCode !== null)) throw new Error('a program has ended')
  }

  async #run(program: string, flags: Readonly<Record<string, string>>): Promise<void> {
    const name = program.split('/').at(-1) ?? program
    const log = openSync(join(this.#folder, `${name}.log`), 'a')
    const child = spawn(
      program,
      Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`),
      { stdio: ['ignore', log, log] },
    )
    closeSync(log)
    this.#processes.push(child)
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  }

  async #lastWords(): Promise<string> {
    const logs = await Promise.all(
      ['etcd', 'kube-apiserver'].map((name) => readFile(join(this.#folder, `${name}.log`), 'utf8').catch(() => '')),
    )
    return logs.map((text) => text.split('\n').slice(-8).join('\n')).join('\n')
  }
}

async function end(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null) return
  const ended = new Promise((resolve) => program.once('exit', resolve))
  program.kill('SIGKILL')
  await ended
}
