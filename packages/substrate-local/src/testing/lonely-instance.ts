import { once } from 'node:events'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { readFileIfThere } from '@evenkeel/kernel'
import { waitFor } from '@evenkeel/kernel/testing'
import type { InstanceSpec, ObservedInstance, Place } from '@evenkeel/substrate'
import { octetAddress } from '../installation/index.ts'
import type { LocalWorld } from './local-world.ts'

/** One program of `lonely-program.ts` in a world. */
export interface LonelyInstance {
  readonly spec: InstanceSpec
  observe(): Promise<ObservedInstance | undefined>
  /** The pid that answers on its port now. */
  answeringPid(): Promise<number>
  /** Waits at most two seconds, which is what we promise, for another pid than `before` to answer. */
  untilReplaced(before: number): Promise<number>
  untilState(state: ObservedInstance['state']): Promise<ObservedInstance>
  /** What copies complained about each other; empty is what is to be. */
  complaints(): Promise<string>
}

let nextPort = 7001

interface LonelyWishes extends Pick<InstanceSpec, 'name' | 'startsAfter'> {
  readonly place?: Place
  readonly printsBytes?: number
}

/** Ensures it and waits until it answers. */
export async function startLonely(world: LocalWorld, wishes: LonelyWishes): Promise<LonelyInstance> {
  const instance = lonelyInstance(world, wishes)
  await world.substrate.instances.ensure(instance.spec)
  await waitFor(() => instance.answeringPid(), { what: `${instance.spec.name} to answer` })
  return instance
}

/** Written down nowhere yet. */
export function lonelyInstance(world: LocalWorld, wishes: LonelyWishes): LonelyInstance {
  const host = octetAddress(world.substrate.installation.octet, 9, 9)
  const port = nextPort++
  const file = join(world.home, `complaints-${wishes.name}`)
  const spec = world.instance({
    cluster: 'lonely',
    name: wishes.name,
    component: 'lonely',
    place: wishes.place ?? 'a',
    program: { name: 'script', version: 'v1.0.0' },
    ...(wishes.startsAfter === undefined ? {} : { startsAfter: wishes.startsAfter }),
    args: [join(import.meta.dirname, 'lonely-program.ts'), host, `${port}`, file, `${wishes.printsBytes ?? 0}`],
  })
  const instance: LonelyInstance = {
    spec,
    async observe() {
      return (await world.substrate.instances.observe(spec.cluster)).find(({ name }) => name === spec.name)
    },
    async answeringPid() {
      const socket = createConnection({ host, port })
      let text = ''
      socket.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      await once(socket, 'close')
      return Number(text)
    },
    async untilReplaced(before) {
      return await waitFor(
        async () => {
          const pid = await instance.answeringPid()
          return pid !== before && pid
        },
        { what: `another process than ${before} of ${spec.name}`, deadlineMs: REPLACED_WITHIN_MS },
      )
    },
    async untilState(state) {
      return await waitFor(
        async () => {
          const seen = await instance.observe()
          if (seen?.state !== state) throw new Error(`it is ${seen?.state ?? 'not there'}`)
          return seen
        },
        { what: `${spec.name} to be ${state}`, deadlineMs: 5000 },
      )
    },
    async complaints() {
      return (await readFileIfThere(file)) ?? ''
    },
  }
  return instance
}

/** A new process within two seconds; and the time that Node itself takes to start on a busy machine. */
const REPLACED_WITHIN_MS = 2000 + 1500
