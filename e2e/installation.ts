import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const root = dirname(import.meta.dirname)

export interface Finished {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly deadlineMs?: number
  readonly stdin?: string
  readonly env?: Record<string, string | undefined>
}

/** Runs a command to its end; past the deadline it is killed and the call rejects with what it had said. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const { deadlineMs = 60_000, stdin, env = {} } = options
  return new Promise((resolve, reject) => {
    const child: ChildProcess = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
    })
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`${command} ${args.join(' ')} took more than ${deadlineMs} ms.\n${stdout}\n${stderr}`))
    }, deadlineMs)
    child.once('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve({ code: code ?? -1, stdout, stderr })
    })
    // It may end without having read it all: what it says then is the answer.
    child.stdin?.on('error', () => {})
    child.stdin?.end(stdin ?? '')
  })
}

/** A whole Evenkeel with a state folder of its own, used by its command line and by stock clients. */
export class Installation {
  readonly home = mkdtempSync(join(tmpdir(), 'evenkeel-e2e-'))
  /** For files of the test's own. */
  readonly scratch = mkdtempSync(join(tmpdir(), 'evenkeel-e2e-scratch-'))

  /** `./evenkeel ARGS` on this installation; rejects unless it ends with 0. */
  async evenkeel(args: readonly string[], options: RunOptions = {}): Promise<string> {
    const done = await this.tryEvenkeel(args, options)
    if (done.code !== 0) {
      throw new Error(`evenkeel ${args.join(' ')} ended with ${done.code}\n${done.stdout}\n${done.stderr}`)
    }
    return done.stdout
  }

  tryEvenkeel(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return run(join(root, 'evenkeel'), args, { ...options, env: { ...options.env, EVENKEEL_HOME: this.home } })
  }

  /** A shell line in the environment that `eval "$(./evenkeel env)"` gives: stock aws and kubectl, no flag. */
  async shell(line: string, options: RunOptions = {}): Promise<string> {
    const done = await this.tryShell(line, options)
    if (done.code !== 0) throw new Error(`${line}\nended with ${done.code}\n${done.stdout}\n${done.stderr}`)
    return done.stdout
  }

  tryShell(line: string, options: RunOptions = {}): Promise<Finished> {
    const script = `eval "$('${join(root, 'evenkeel')}' env)"\n${line}`
    // Keys in the environment of the tests must not beat the profile: `env` promises to unset them.
    const env = { ...options.env, EVENKEEL_HOME: this.home, AWS_ACCESS_KEY_ID: 'stray', AWS_SECRET_ACCESS_KEY: 'stray' }
    return run('bash', ['-c', script], { ...options, env })
  }

  /** What clients of the EKS API need, as `up` has written it down. */
  access(): {
    readonly region: string
    readonly address: string
    readonly servicePort: number
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  } {
    const installation = JSON.parse(readFileSync(join(this.home, 'installation.json'), 'utf8')) as {
      region: string
      address: string
      servicePort: number
    }
    const file = readFileSync(join(this.home, 'aws/credentials'), 'utf8')
    const valueOf = (name: string) => new RegExp(`^${name}\\s*=\\s*(\\S+)$`, 'm').exec(file)?.[1] ?? ''
    const credentials = {
      accessKeyId: valueOf('aws_access_key_id'),
      secretAccessKey: valueOf('aws_secret_access_key'),
    }
    const { region, address, servicePort } = installation
    return { region, address, servicePort, credentials }
  }

  /** Pids of all processes that belong to this installation, by what they run, where, and with what environment. */
  processes(): { pid: number; command: string }[] {
    const found: { pid: number; command: string }[] = []
    for (const entry of readdirSync('/proc')) {
      const pid = Number(entry)
      if (!Number.isInteger(pid) || pid === process.pid) continue
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
        const traces = [command, readFileSync(`/proc/${pid}/environ`, 'utf8'), readlinkSync(`/proc/${pid}/cwd`)]
        if (traces.some((trace) => trace.includes(this.home))) found.push({ pid, command })
      } catch {
        // It ended while we looked.
      }
    }
    return found
  }

  /** Removes every trace, whatever state a failed test left. */
  async destroy(): Promise<void> {
    await this.tryEvenkeel(['destroy', '--yes'], { deadlineMs: 120_000 }).catch((error: unknown) =>
      console.error(error),
    )
    for (const { pid } of this.processes()) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // Gone already.
      }
    }
    for (const folder of [this.home, this.scratch]) rmSync(folder, { recursive: true, force: true })
  }
}
