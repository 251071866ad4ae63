import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { waitFor } from '@evenkeel/kernel/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Installation } from './installation.ts'
import { kill, ProcessTable } from './processes.ts'

/** One line of a keeper's log that says that it has done a step. */
interface Deed {
  readonly pid: number
  readonly time: string
  readonly reconciler: string
  readonly clusterId: string
  readonly step: string
}

/** After how many further steps the keeper that did them is killed, again and again: other numbers, other moments. */
const MOMENTS = [1, 2, 1, 3, 1, 5, 2, 7]
const DEADLINE_MS = 180_000

describe('a create and a delete whose keepers and service are killed', () => {
  const evenkeel = new Installation()
  const table = new ProcessTable(evenkeel.home)

  beforeAll(async () => {
    await evenkeel.evenkeel(['up', '--no-demo'], { deadlineMs: 600_000 })
  })
  afterAll(() => evenkeel.destroy(), 180_000)

  const logs = () => join(evenkeel.home, 'logs', 'evenkeel')

  /** Steps of one cluster by whatever keeper, in the order in which they were done. */
  function deedsOf(id: string): Deed[] {
    const files = readdirSync(logs()).filter((name) => name.startsWith('keeper-'))
    const lines = files.flatMap((name) =>
      readdirSync(join(logs(), name))
        .filter((file) => file === 'current' || file.startsWith('@'))
        .flatMap((file) => readFileSync(join(logs(), name, file), 'utf8').split('\n')),
    )
    return lines
      .filter((line) => line.includes('"msg":"step applied"') && line.includes(id) && line.endsWith('}'))
      .map((line) => JSON.parse(line.slice(line.indexOf('{'))) as Deed)
      .filter((deed) => deed.clusterId === id && deed.reconciler === 'control-plane')
      .sort((one, other) => (one.time < other.time ? -1 : 1))
  }

  function killProgram(name: string): void {
    const found = table.look().find(({ role, of }) => role === 'program' && of === `evenkeel.${name}`)
    if (found !== undefined) kill(found.pid)
  }

  /** Kills who acts after each of these numbers of further steps, and the service every other time, until it is done. */
  async function killAlong(id: string, isDone: () => boolean): Promise<number> {
    let seen = deedsOf(id).length
    let kills = 0
    for (const steps of MOMENTS) {
      const more = await waitFor(
        () => {
          const deeds = deedsOf(id)
          if (deeds.length >= seen + steps) return deeds
          return isDone() ? [] : undefined
        },
        { what: `${steps} more steps of ${id}`, deadlineMs: DEADLINE_MS, intervalMs: 5 },
      )
      const last = more.at(-1)
      if (last === undefined) break
      seen = more.length
      // It may have been killed before it could log another step.
      if (kill(last.pid)) kills += 1
      if (kills % 2 === 0) killProgram('service')
    }
    await waitFor(isDone, { what: `${id} to be done`, deadlineMs: DEADLINE_MS, intervalMs: 100 })
    return kills
  }

  const home = (...parts: string[]) => join(evenkeel.home, ...parts)
  const hosted = () => readdirSync(home('records')).filter((id) => id !== 'home' && id !== 'evenkeel')
  const objects = async () =>
    (await evenkeel.tryEvenkeel(['kubectl', '--home', 'get', 'clusters', '-A', '--no-headers'])).stdout

  test('when those who act are killed at step after step, others finish, one at a time, and nothing is left', async () => {
    await evenkeel.evenkeel(['cluster', 'create', 'web', '--no-wait'])
    const [id = ''] = await waitFor(() => hosted().length > 0 && hosted(), { what: 'a record', deadlineMs: 60_000 })
    expect(await killAlong(id, () => existsSync(home('records', id, 'outcome.json')))).toBeGreaterThan(2)
    await waitFor(async () => /\bweb\b.*\bACTIVE\b/.test(await objects()), {
      what: 'web to be ACTIVE',
      deadlineMs: DEADLINE_MS,
      intervalMs: 500,
    })
    const claims = readdirSync(home('network')).filter((claim) => readlinkSync(home('network', claim)) === id)
    const slot = claims.find((claim) => claim.startsWith('slot-'))?.slice('slot-'.length)
    const { octet } = JSON.parse(readFileSync(home('installation.json'), 'utf8')) as { octet: number }
    const own = new RegExp(`^127\\.${octet}\\.\\d+\\.${slot}:`)
    expect(listening().filter((address) => own.test(address))).not.toEqual([])

    await waitFor(async () => (await evenkeel.tryEvenkeel(['cluster', 'delete', 'web', '--no-wait'])).code === 0, {
      what: 'the service to take the delete',
      deadlineMs: DEADLINE_MS,
      intervalMs: 500,
    })
    expect(await killAlong(id, () => !existsSync(home('records', id)))).toBeGreaterThan(1)
    await waitFor(async () => !/\bweb\b/.test(await objects()), {
      what: 'the object of web to be gone',
      deadlineMs: DEADLINE_MS,
      intervalMs: 500,
    })

    expect(evenkeel.processes().filter(({ command }) => command.includes(id))).toEqual([])
    const traces = readdirSync(evenkeel.home, { recursive: true }).map(String)
    expect(traces.filter((path) => path.includes(id))).toEqual([])
    expect(readdirSync(home('network')).filter((claim) => readlinkSync(home('network', claim)) === id)).toEqual([])
    expect(listening().filter((address) => own.test(address))).toEqual([])
    // Where the machine has any: namespaces of the cluster's network.
    const namespaces = existsSync('/run/netns') ? readdirSync('/run/netns') : []
    expect(namespaces.filter((name) => name.startsWith(`ek-${octet}-${slot}-`))).toEqual([])

    // Two that act at once would take turns: who has been followed by another never acts again.
    const actors = deedsOf(id).map(({ pid }) => pid)
    const turns = actors.filter((pid, at) => pid !== actors[at - 1])
    expect(turns.length).toBeGreaterThan(4)
    expect(new Set(turns).size).toBe(turns.length)
  })
})

/** Addresses of IPv4 at which somebody listens, as `127.0.0.1:80`. */
function listening(): string[] {
  const lines = readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1)
  return lines.flatMap((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/)
    const [address = '', port = ''] = local.split(':')
    const bytes = address.match(/../g) ?? []
    const text = bytes.toReversed().map((byte) => Number.parseInt(byte, 16))
    return state === '0A' ? [`${text.join('.')}:${Number.parseInt(port, 16)}`] : []
  })
}
