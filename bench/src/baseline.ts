import { existsSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import type { InstanceSpec } from '@evenkeel/substrate'
import { type BaselineResult, runBaseline } from './baseline/baseline-run.ts'

/**
 * Starts clusters from our own rendering by hand and prints how long that took: a table on stderr, JSON on stdout.
 *
 *   node bench/src/baseline.ts --programs FOLDER [--runs 3] [--kind hosted|home] [--settle SECONDS] [--keep]
 *     [--flag COMPONENT:name=value]... [--env COMPONENT:NAME=value]...    (experiments: on top of the rendering)
 *
 * FOLDER holds executables named etcd, kube-apiserver, kube-controller-manager and kube-scheduler.
 */
const { values } = parseArgs({
  options: {
    programs: { type: 'string' },
    kubernetes: { type: 'string', default: 'v1.37.2' },
    etcd: { type: 'string', default: 'v3.7.3' },
    kind: { type: 'string', default: 'hosted' },
    octet: { type: 'string', default: '251' },
    runs: { type: 'string', default: '1' },
    settle: { type: 'string' },
    folder: { type: 'string', default: `${tmpdir()}/evenkeel-baseline` },
    keep: { type: 'boolean', default: false },
    flag: { type: 'string', multiple: true, default: [] },
    env: { type: 'string', multiple: true, default: [] },
  },
})

const { programs } = values
if (programs === undefined || !existsSync(`${programs}/kube-apiserver`)) {
  throw new Error('name the folder of the programs: --programs FOLDER, with FOLDER/kube-apiserver and so on')
}

/** `kube-apiserver:v=4`; a component of `kube` is each of the three. */
function changesFor(spec: InstanceSpec, changes: readonly string[]): string[] {
  return changes.flatMap((change) => {
    const [component = '', ...rest] = change.split(':')
    const isMeant = component === spec.component || (component === 'kube' && spec.component.startsWith('kube-'))
    return isMeant ? [rest.join(':')] : []
  })
}

function adjust(spec: InstanceSpec): InstanceSpec {
  const flags = changesFor(spec, values.flag)
  const named = flags.map((flag) => `--${flag.split('=')[0]}=`)
  const kept = spec.args.filter((arg) => !named.some((name) => arg.startsWith(name)))
  const env = Object.fromEntries(changesFor(spec, values.env).map((change) => change.split('=', 2) as [string, string]))
  return { ...spec, args: [...kept, ...flags.map((flag) => `--${flag}`)], env: { ...spec.env, ...env } }
}

const results: BaselineResult[] = []
for (let run = 0; run < Number(values.runs); run += 1) {
  rmSync(values.folder, { recursive: true, force: true })
  const result = await runBaseline({
    binaryOf: ({ name }) => `${programs}/${name}`,
    folder: values.folder,
    octet: Number(values.octet),
    versions: { kubernetes: values.kubernetes, etcd: values.etcd },
    kind: values.kind === 'home' ? 'home' : 'hosted',
    adjust,
    ...(values.settle === undefined ? {} : { settleSeconds: Number(values.settle) }),
  })
  results.push(result)
  const { ready, firstWrite, firstServiceAccount, allMembers } = result.timesMs
  console.error(
    `ready ${ready} ms   first write ${firstWrite} ms   first service account ${firstServiceAccount} ms   all members ${allMembers} ms`,
  )
  for (const { name, pssMib, cpuPercent } of result.programs ?? []) {
    console.error(`  ${name.padEnd(28)} ${pssMib.toFixed(1).padStart(7)} MiB ${cpuPercent.toFixed(1).padStart(5)} %`)
  }
  if (result.programs !== undefined) {
    const sum = (pick: 'pssMib' | 'cpuPercent') => result.programs?.reduce((total, each) => total + each[pick], 0) ?? 0
    console.error(
      `  ${'all'.padEnd(28)} ${sum('pssMib').toFixed(1).padStart(7)} MiB ${sum('cpuPercent').toFixed(1).padStart(5)} %`,
    )
  }
}
if (!values.keep) {
  rmSync(values.folder, { recursive: true, force: true })
}
console.log(JSON.stringify(results))
