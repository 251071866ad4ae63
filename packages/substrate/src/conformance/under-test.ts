import type { Leadership } from '../elector.ts'
import type { EndpointSpec } from '../endpoint.ts'
import type { InstanceSpec, ObservedInstance } from '../instance-host.ts'
import type { Substrate } from '../substrate.ts'

/** One world of a driver, empty at first, and what a test may do to it behind the driver's back. */
export interface SubstrateUnderTest {
  readonly substrate: Substrate
  /** A second hold on the same world, as another keeper of the cell has. */
  reopen(): Promise<Substrate>
  /** Lets a little time pass in that world. */
  turn(): Promise<void>
  /** A program that runs until SIGTERM; everything that a test does not care about is chosen here. */
  instance(wishes: Pick<InstanceSpec, 'cluster' | 'name'> & Partial<InstanceSpec>): InstanceSpec
  /** Ends the process of an instance at once, as SIGKILL does. */
  kill(instance: ObservedInstance): Promise<void>
  /** Space that the disks have free from now on. */
  setFreeBytes(bytes: number): void
  readonly floorBytes: number
  /** Campaigns in a process of its own. `leads` resolves once it leads; `die` ends the process without a word. */
  campaignElsewhere(key: string): Promise<{ readonly leads: Promise<void>; die(): Promise<void> }>
  /** An endpoint that this world can serve; certificates are made up where nobody looks. */
  endpoint(wishes: Pick<EndpointSpec, 'cluster'> & Partial<EndpointSpec>): Promise<EndpointSpec>
  /** Everything ended and removed, however the test went. */
  dispose(): Promise<void>
}

export type MakeSubstrate = () => Promise<SubstrateUnderTest>

/** Looks until `condition` holds, letting time pass in the world between the looks. */
export async function eventually<T>(
  world: Pick<SubstrateUnderTest, 'turn'>,
  what: string,
  condition: () => Promise<T | undefined | false>,
): Promise<T> {
  const deadline = performance.now() + DEADLINE_MS
  for (;;) {
    const value = await condition()
    if (value !== undefined && value !== false) return value
    if (performance.now() > deadline) throw new Error(`waited ${DEADLINE_MS} ms for ${what}`)
    await world.turn()
  }
}

const DEADLINE_MS = 10_000

/** Whether a leadership was won within a few turns of the world. */
export async function isWonSoon(world: SubstrateUnderTest, campaign: Promise<Leadership | void>): Promise<boolean> {
  const turns = async () => {
    for (let turn = 0; turn < 5; turn += 1) await world.turn()
    return false
  }
  return await Promise.race([campaign.then(() => true), turns()])
}
