import type { InstanceSpec } from '@evenkeel/substrate'
import type { LocalPaths } from '../installation/index.ts'
import { type Carrier, NAMESPACE_VARIABLE } from '../private-network/index.ts'
import { LOCK_VARIABLE } from '../processes/index.ts'
import type { ProgramCommand } from '../program-resolver.ts'
import { shellQuote } from '../shell-script.ts'
import { instanceLockOf, loggerLockOf, serviceFolderOf } from './instance-paths.ts'
import { INSTANCE_VARIABLE, type WrittenInstance } from './written-instance.ts'

/** A file of a service folder, by its path in there. */
export interface ServiceFile {
  readonly path: string
  readonly content: string
  readonly mode: number
}

/** Output of a program: the current file and five older ones, of 2 MB each, with times (UTC) in front. */
const LOG_ROTATION = 'n5 s2000000 T'

export interface ServiceStart {
  readonly command: ProgramCommand
  readonly written: WrittenInstance
  /** What the program's network takes, where that is a private one. */
  readonly carrier?: Carrier | undefined
}

/** The files from which s6-supervise runs a program, in the order in which they are to be written. Pure. */
export function renderServiceFolder(
  paths: LocalPaths,
  spec: InstanceSpec,
  start: ServiceStart,
): readonly ServiceFile[] {
  const { written, carrier } = start
  return [
    ...(carrier === undefined ? [] : [{ path: 'network', content: networkScript(paths, spec, carrier), mode: 0o700 }]),
    { path: 'start', content: startScript(paths, spec, start), mode: 0o700 },
    { path: 'run', content: runScript(paths, spec), mode: 0o700 },
    { path: 'finish', content: finishScript(spec), mode: 0o700 },
    // 0 would be no limit at all.
    { path: 'timeout-kill', content: `${Math.max(1, spec.stopGraceSeconds * 1000)}\n`, mode: 0o600 },
    { path: 'timeout-finish', content: '10000\n', mode: 0o600 },
    { path: 'log/run', content: logScript(paths, spec), mode: 0o700 },
    { path: 'instance.json', content: `${JSON.stringify(written)}\n`, mode: 0o600 },
  ]
}

/**
 * Takes the lock of the program and only then reads what to start: a copy that has waited behind an unsupervised program
 * starts what is written down by then.
 */
function runScript(paths: LocalPaths, spec: InstanceSpec): string {
  return [
    '#!/bin/sh',
    'umask 077',
    'exec 2>&1',
    `export ${LOCK_VARIABLE}=${shellQuote(instanceLockOf(paths, spec))}`,
    `exec s6-setlock "$${LOCK_VARIABLE}" ${shellQuote(serviceFolderOf(paths, spec))}/start`,
    '',
  ].join('\n')
}

/**
 * Makes what carries the addresses of the program, for whoever starts it while no keeper lives. One that has waited for the
 * lock may come after the end of its cluster, or when another has made it all.
 */
function networkScript(paths: LocalPaths, spec: InstanceSpec, { script, sign }: Carrier): string {
  const folder = shellQuote(serviceFolderOf(paths, spec))
  const isWanted = `[ -e ${folder}/start ] && [ ! -e ${folder}/down ] && [ -z "$(${sign} 2>/dev/null)" ]`
  return ['#!/bin/sh', `${isWanted} || exit 0`, script].join('\n')
}

function startScript(paths: LocalPaths, spec: InstanceSpec, { command, written, carrier }: ServiceStart): string {
  const namespace = carrier?.namespace
  const environment = Object.entries({
    ...spec.env,
    [INSTANCE_VARIABLE]: JSON.stringify(written),
    ...(namespace === undefined ? {} : { [NAMESPACE_VARIABLE]: namespace }),
  })
  const words = [command.file, ...command.args, ...spec.args]
  const enter = namespace === undefined ? [] : ['nsenter', `--net=/run/netns/${namespace}`]
  return [
    '#!/bin/sh',
    ...(carrier === undefined ? [] : [networkLine(paths, spec, carrier)]),
    ...waitLines(spec),
    // A copy whose supervisor was lost may come here after the program was told to stay down.
    `[ ! -e ${shellQuote(serviceFolderOf(paths, spec))}/down ] || exit 0`,
    `cd ${shellQuote(paths.filesOf(spec))} || exit 1`,
    ...environment.map(([name, value]) => `export ${requireVariableName(name)}=${shellQuote(value)}`),
    // The same process all the way: it holds the lock.
    `exec ${[...enter, ...words].map(shellQuote).join(' ')}`,
    '',
  ].join('\n')
}

/** One connection after the other, until one is taken. The wait ends with the shell: a child that is left would keep the lock. */
function waitLines({ startsAfter }: InstanceSpec): readonly string[] {
  if (startsAfter === undefined) return []
  const { host, port, atMostSeconds } = startsAfter
  const loop = 'until (exec 3<>"/dev/tcp/$0/$1") 2>/dev/null; do sleep 0.05; done'
  return [
    `timeout ${atMostSeconds} bash -c ${shellQuote(loop)} ${shellQuote(host)} ${port} &`,
    "trap 'kill $!; exit 1' TERM",
    'wait $!',
    'trap - TERM',
  ]
}

function networkLine(paths: LocalPaths, spec: InstanceSpec, { sign, lock }: Carrier): string {
  const make = `flock -o ${shellQuote(lock)} ${shellQuote(serviceFolderOf(paths, spec))}/network`
  return `[ -n "$(${sign} 2>/dev/null)" ] || ${make} || exit 1`
}

function requireVariableName(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new Error(`${JSON.stringify(name)} cannot name a variable`)
  return name
}

function logScript(paths: LocalPaths, spec: InstanceSpec): string {
  const folder = shellQuote(paths.logOf(spec))
  return [
    '#!/bin/sh',
    'umask 077',
    // Times in s6-log's files are local ones.
    'export TZ=UTC',
    `[ -d ${folder} ] || mkdir -p ${folder}`,
    // The logger of an unsupervised program goes on until that ends; the next one waits for it.
    `export ${LOCK_VARIABLE}=${shellQuote(loggerLockOf(paths, spec))}`,
    `exec s6-setlock "$${LOCK_VARIABLE}" s6-log ${LOG_ROTATION} ${folder}`,
    '',
  ].join('\n')
}

/**
 * Runs after each end of the program that nobody asked for. The first three in a row are followed by a start at once, or
 * after the delay of the spec (s6 itself starts nothing more often than once a second), later ones by a pause that grows to
 * 5 s. Fifteen quiet seconds forget it all.
 */
function finishScript({ restartDelayMs }: InstanceSpec): string {
  return [
    '#!/bin/sh',
    '[ "$(s6-svstat -o wantedup .)" = true ] || exit 0',
    'now=$(date +%s)',
    'last=0 count=0',
    '[ ! -e ends ] || read -r last count <ends',
    '[ $((now - last)) -le 15 ] || count=0',
    'count=$((count + 1))',
    'echo "$now $count" >ends',
    `[ "$count" -gt 3 ] || ${restartDelayMs ? `exec sleep ${restartDelayMs / 1000}` : 'exit 0'}`,
    '[ "$count" -lt 8 ] || count=8',
    'exec sleep $((count - 3))',
    '',
  ].join('\n')
}
