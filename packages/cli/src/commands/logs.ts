import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { hasErrorCode, readFileIfThere } from '@evenkeel/kernel'
import { OWN_CLUSTER } from '@evenkeel/substrate-local'
import { requireInstallation } from '../installation/index.ts'
import { componentsOf, followLines, lastLines, markEnd, selectInstances } from '../logs/index.ts'
import { CommandError, formatList } from '../terminal/index.ts'

export interface LogsOptions {
  readonly cluster: string
  readonly component: string
  readonly zone?: string
  readonly follow: boolean
  /** Lines of each member. */
  readonly tail: number
}

/** Shows the logs of one component, those of several members with their names in front. */
export async function logs(options: LogsOptions, signal: AbortSignal, write: (text: string) => void): Promise<void> {
  const { paths } = await requireInstallation()
  const id = await findClusterId(paths, options.cluster)
  const folder = join(paths.logs, id)
  const there = await namesIn(folder)
  const chosen = selectInstances(there, options)
  if (chosen.length === 0) {
    const known = componentsOf(there)
    const hint = known.length === 0 ? 'nothing of it has written logs yet' : `there are logs of ${formatList(known)}`
    throw new CommandError(
      `${options.cluster} has no logs of ${options.component}${options.zone === undefined ? '' : ` in zone ${options.zone}`}: ${hint}`,
    )
  }
  const tell = (instance: string) => (line: string) =>
    write(chosen.length === 1 ? `${line}\n` : `${instance}: ${line}\n`)
  const marks = new Map<string, Awaited<ReturnType<typeof markEnd>>>()
  for (const instance of chosen) {
    const mark = await markEnd(join(folder, instance))
    marks.set(instance, mark)
    for (const line of await lastLines(join(folder, instance), options.tail, mark)) tell(instance)(line)
  }
  if (!options.follow) return
  await Promise.all(
    chosen.map((instance) =>
      followLines(join(folder, instance), { mark: marks.get(instance), signal, tell: tell(instance) }),
    ),
  )
}

/** The id of a cluster by its EKS name, from the records: home and service may be dead. */
async function findClusterId(
  paths: { readonly records: string; readonly logs: string },
  name: string,
): Promise<string> {
  if (name === 'home' || name === OWN_CLUSTER) return name
  const ids = await namesIn(paths.records)
  const named: string[] = []
  for (const id of ids) {
    const record = await readFileIfThere(join(paths.records, id, 'intent.json'))
    const intent = (record === undefined ? {} : JSON.parse(record)) as { spec?: { eksName?: string } }
    if (intent.spec?.eksName === name) named.push(id)
  }
  const [first, ...others] = named
  if (others.length > 0) {
    throw new CommandError(
      `there are several clusters ${name}, in several accounts: name one by its id, ${formatList(named)}`,
    )
  }
  if (first !== undefined) return first
  if ((await namesIn(paths.logs)).includes(name)) return name
  throw new CommandError(
    `there is no cluster ${name}: ./evenkeel cluster list shows all; home and ${OWN_CLUSTER} have logs, too`,
  )
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return []
    throw error
  }
}
