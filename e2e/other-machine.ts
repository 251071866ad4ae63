import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Finished, type RunOptions, run } from './installation.ts'

async function must(command: string, args: readonly string[]): Promise<void> {
  const done = await run(command, args)
  if (done.code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${done.code}: ${done.stderr}`)
}

/**
 * Another machine, as far as the network goes: a network namespace with nothing in it but one cable to this one. It has
 * no loopback address of ours, no files of ours but those that are copied to it, and no environment of ours.
 */
export class OtherMachine {
  /** Of the end of the cable that is here: where an installation serves. */
  readonly hostAddress: string
  readonly folder = mkdtempSync(join(tmpdir(), 'evenkeel-e2e-other-'))
  readonly #name: string
  #programs = ''

  private constructor(name: string, hostAddress: string) {
    this.#name = name
    this.hostAddress = hostAddress
  }

  static async make(): Promise<OtherMachine> {
    if (process.getuid?.() !== 0) throw new Error('this test makes a network namespace: run it as root')
    // TEST-NET-2 (RFC 5737) in pieces of four addresses, one for each run that may stand beside this one.
    const number = process.pid % 64
    const [here, there] = [1, 2].map((offset) => `198.51.100.${number * 4 + offset}`)
    const machine = new OtherMachine(`evenkeel-e2e-${process.pid}`, here ?? '')
    const [near, far] = [`evkh${process.pid}`, `evkc${process.pid}`]
    try {
      await must('ip', ['netns', 'add', machine.#name])
      await must('ip', ['link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', machine.#name])
      await must('ip', ['address', 'add', `${here}/30`, 'dev', near])
      await must('ip', ['link', 'set', near, 'up'])
      await must('ip', ['-n', machine.#name, 'address', 'add', `${there}/30`, 'dev', far])
      await must('ip', ['-n', machine.#name, 'link', 'set', far, 'up'])
    } catch (error) {
      await machine.remove()
      throw error
    }
    return machine
  }

  /** Copies what a user of another machine is given: profile, key, and whom to trust; and lends it our kubectl. */
  copyClientFiles(home: string): void {
    const ca = join(this.folder, 'ca.crt')
    this.#programs = join(home, 'bin')
    mkdirSync(join(this.folder, 'aws'))
    cpSync(join(home, 'access', 'service-ca.crt'), ca)
    cpSync(join(home, 'aws', 'credentials'), join(this.folder, 'aws', 'credentials'))
    const config = readFileSync(join(home, 'aws', 'config'), 'utf8')
    writeFileSync(join(this.folder, 'aws', 'config'), config.replace(/^ca_bundle = .*$/m, `ca_bundle = ${ca}`))
  }

  /** A shell line over there. */
  async shell(line: string, options: RunOptions = {}): Promise<string> {
    const done = await this.tryShell(line, options)
    if (done.code !== 0) throw new Error(`${line}\nended with ${done.code}\n${done.stdout}\n${done.stderr}`)
    return done.stdout
  }

  tryShell(line: string, options: RunOptions = {}): Promise<Finished> {
    const environment = {
      PATH: `${this.#programs}:${process.env['PATH'] ?? ''}`,
      HOME: this.folder,
      AWS_CONFIG_FILE: join(this.folder, 'aws', 'config'),
      AWS_SHARED_CREDENTIALS_FILE: join(this.folder, 'aws', 'credentials'),
      AWS_PROFILE: 'evenkeel',
      KUBECONFIG: join(this.folder, 'kubeconfig'),
    }
    const pairs = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
    return run('ip', ['netns', 'exec', this.#name, 'env', '-i', ...pairs, 'bash', '-c', line], options)
  }

  /** The cable goes with the namespace. */
  async remove(): Promise<void> {
    await run('ip', ['netns', 'delete', this.#name])
    rmSync(this.folder, { recursive: true, force: true })
  }
}
