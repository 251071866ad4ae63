import type { Zone } from '@evenkeel/substrate'
import { isReady, maxUnavailable } from './budget.ts'
import type { RetirementReason, Roster, RosterMachine } from './facts.ts'
import { machinePrefix, type NodeGroupSnapshot, stageOf } from './snapshot.ts'

/** A machine of which the cluster has no Ready node after so long never joins. */
export const JOIN_DEADLINE_MS = 10 * 60_000

/**
 * Which machines there are to be: the roster itself when nothing changes. Pure, as all of a plan. In an empty group the
 * zones are filled in turn; a machine that comes goes where fewest are, one that leaves is of where most are. What leaves
 * of our own accord leaves only when others are Ready in its place.
 */
export function planRoster(snapshot: NodeGroupSnapshot): Roster {
  const { roster, nowMs } = snapshot
  const at = new Date(nowMs).toISOString()
  const draft = new RosterDraft(snapshot, at)
  draft.noteJoined()
  const stage = stageOf(snapshot)
  if (stage === 'DELETING') {
    draft.retireAll('deleted')
  } else if (stage !== 'CREATE_FAILED') {
    draft.retireLost()
    draft.recallFromFailedUpdate()
    if (stage === 'KEEPING') {
      draft.retireNeverJoined()
    }
    draft.retireSurplus()
    draft.enlist()
  }
  return draft.result(roster)
}

/** Machines that are to stay and run another bundle than new ones do. */
export function outdatedOf({ roster, progress }: Pick<NodeGroupSnapshot, 'roster' | 'progress'>): RosterMachine[] {
  return roster.machines.filter(
    ({ retiring, releaseVersion }) => retiring === undefined && releaseVersion !== progress?.releaseVersion,
  )
}

/** Machines that the cluster has never had a Ready node of, for too long. */
export function neverJoined(snapshot: NodeGroupSnapshot): RosterMachine[] {
  const { roster, nowMs, waitingSinceMs } = snapshot
  return roster.machines.filter(({ name, joined, retiring }) => {
    const sinceMs = waitingSinceMs.get(name)
    return !joined && retiring === undefined && sinceMs !== undefined && nowMs - sinceMs >= JOIN_DEADLINE_MS
  })
}

class RosterDraft {
  readonly #snapshot: NodeGroupSnapshot
  readonly #at: string
  #machines: readonly RosterMachine[]
  #lastNumber: number

  constructor(snapshot: NodeGroupSnapshot, at: string) {
    this.#snapshot = snapshot
    this.#at = at
    this.#machines = snapshot.roster.machines
    this.#lastNumber = snapshot.roster.lastNumber
  }

  result(before: Roster): Roster {
    const isSame =
      this.#machines.length === before.machines.length && this.#machines.every((one, i) => one === before.machines[i])
    return isSame ? before : { lastNumber: this.#lastNumber, machines: this.#machines }
  }

  noteJoined(): void {
    this.#replace((machine) =>
      !machine.joined && isReady(this.#snapshot, machine.name) ? { ...machine, joined: true } : machine,
    )
  }

  retireAll(reason: RetirementReason): void {
    this.#replace((machine) => (machine.retiring === undefined ? this.#retired(machine, reason) : machine))
  }

  /** It was there once, and whoever provides it knows nothing of it any more. */
  retireLost(): void {
    const { machines } = this.#snapshot
    this.#replace((machine) =>
      machine.retiring === undefined && machine.joined && !machines.has(machine.name)
        ? this.#retired(machine, 'lost')
        : machine,
    )
  }

  /** Whoever was to leave for an update that has failed since, and still is what the group goes back to. */
  recallFromFailedUpdate(): void {
    const { progress } = this.#snapshot
    this.#replace((machine) => {
      const { retiring, ...rest } = machine
      const isRecalled = retiring?.reason === 'update' && machine.releaseVersion === progress?.releaseVersion
      return isRecalled ? rest : machine
    })
  }

  retireNeverJoined(): void {
    const names = new Set(neverJoined(this.#snapshot).map(({ name }) => name))
    this.#replace((machine) => (names.has(machine.name) ? this.#retired(machine, 'neverJoined') : machine))
  }

  /** More than are wanted: one after the other, as long as what stays is as ready as what was. */
  retireSurplus(): void {
    for (;;) {
      const live = this.#live
      const victim = this.#nextVictim(live)
      if (victim === undefined) {
        return
      }
      const reason = this.#isOutdated(victim) && !this.#isPaused ? 'update' : 'surplus'
      this.#replace((machine) => (machine === victim ? this.#retired(machine, reason) : machine))
    }
  }

  #nextVictim(live: readonly RosterMachine[]): RosterMachine | undefined {
    const isSurplus = live.length > this.#want
    const isUpdating = this.#isUpdating
    if (!isSurplus && !(isUpdating && this.#isMinimal)) {
      return undefined
    }
    const inOrder = [...live].sort((one, other) => this.#compareVictims(one, other, live))
    const first = inOrder.filter((machine) =>
      isUpdating ? this.#isOutdated(machine) : loadOf(live, machine.zone) === loadOf(live, inOrder[0]?.zone),
    )
    // Whoever has stopped serving goes in place of those that may not. Never one that has just come: it is what they wait for.
    const second = isSurplus ? inOrder.filter((machine) => machine.joined && !this.#isReady(machine)) : []
    const ready = live.filter((machine) => this.#isReady(machine)).length
    const fewest = isSurplus ? Math.min(this.#want, ready) : this.#want - this.#unavailable
    return [...first, ...second].find((machine) => !this.#isReady(machine) || ready - 1 >= fewest)
  }

  /** Those of an older version first, then those of the fullest zone, those that are not ready, and the youngest. */
  #compareVictims(one: RosterMachine, other: RosterMachine, live: readonly RosterMachine[]): number {
    return (
      Number(this.#isOutdated(other)) - Number(this.#isOutdated(one)) ||
      loadOf(live, other.zone) - loadOf(live, one.zone) ||
      Number(this.#isReady(one)) - Number(this.#isReady(other)) ||
      this.#machines.indexOf(other) - this.#machines.indexOf(one)
    )
  }

  enlist(): void {
    const { intent } = this.#snapshot
    // Until the last old one is gone, not only on its way.
    const isOneForOne = this.#isMinimal && this.#machines.some((machine) => this.#isOutdated(machine))
    const most = isOneForOne ? this.#want : intent.spec.scalingConfig.maxSize + this.#unavailable
    const room = most - this.#machines.length
    const missing = Math.min(this.#want - this.#live.length, room)
    for (let count = 0; count < missing; count += 1) {
      this.#add(this.#emptiestZone())
    }
    if (missing > 0) {
      return
    }
    if (this.#isUpdating && !this.#isMinimal) {
      this.#enlistSurge()
    } else if (this.#isLopsided()) {
      this.#add(this.#emptiestZone())
    }
  }

  /** New ones before old ones go, each in the zone of the one that it replaces. */
  #enlistSurge(): void {
    const live = this.#live
    const outdated = live.filter((machine) => this.#isOutdated(machine))
    const isPast = live.length - this.#want >= outdated.length
    const room = this.#want + this.#unavailable - this.#machines.length
    if (isPast || room <= 0) {
      return
    }
    const going = [...outdated].sort((one, other) => this.#compareVictims(one, other, live))
    for (const { zone } of going.slice(0, Math.min(room, outdated.length - (live.length - this.#want)))) {
      this.#add(zone)
    }
  }

  /** Nothing else goes on, and one zone has two more than another. */
  #isLopsided(): boolean {
    const live = this.#live
    const isQuiet = live.length === this.#machines.length && live.length === this.#want
    const loads = this.#snapshot.zones.map((zone) => loadOf(live, zone))
    return isQuiet && live.every((machine) => this.#isReady(machine)) && Math.max(...loads) - Math.min(...loads) > 1
  }

  #emptiestZone(): Zone {
    const live = this.#live
    const loads = this.#snapshot.zones.map((zone) => ({ zone, load: loadOf(live, zone) }))
    // The sort keeps the order of zones among equals.
    return loads.sort((one, other) => one.load - other.load)[0]?.zone ?? ''
  }

  #add(zone: Zone): void {
    const { id, intent, progress } = this.#snapshot
    this.#lastNumber += 1
    this.#machines = [
      ...this.#machines,
      {
        name: `${machinePrefix(id)}${this.#lastNumber}`,
        zone,
        instanceType: intent.spec.instanceTypes[0] ?? '',
        releaseVersion: progress?.releaseVersion ?? intent.spec.releaseVersion,
        joined: false,
      },
    ]
  }

  get #live(): readonly RosterMachine[] {
    return this.#machines.filter(({ retiring }) => retiring === undefined)
  }

  get #want(): number {
    return this.#snapshot.intent.spec.scalingConfig.desiredSize
  }

  get #unavailable(): number {
    return maxUnavailable(this.#snapshot.intent)
  }

  get #isMinimal(): boolean {
    return this.#snapshot.intent.spec.updateConfig.updateStrategy === 'MINIMAL'
  }

  get #isPaused(): boolean {
    return this.#snapshot.intent.spec.updatePaused
  }

  get #isUpdating(): boolean {
    return !this.#isPaused && this.#live.some((machine) => this.#isOutdated(machine))
  }

  #isOutdated({ releaseVersion }: RosterMachine): boolean {
    return releaseVersion !== this.#snapshot.progress?.releaseVersion
  }

  #isReady({ name }: RosterMachine): boolean {
    return isReady(this.#snapshot, name)
  }

  #retired(machine: RosterMachine, reason: RetirementReason): RosterMachine {
    return { ...machine, retiring: { reason, at: this.#at } }
  }

  #replace(change: (machine: RosterMachine) => RosterMachine): void {
    this.#machines = this.#machines.map(change)
  }
}

function loadOf(machines: readonly RosterMachine[], zone: Zone | undefined): number {
  return machines.filter((machine) => machine.zone === zone).length
}
