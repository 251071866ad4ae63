import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { waitFor } from '@evenkeel/kernel/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { octetAddress } from '../installation/index.ts'
import { type LocalWorld, makeLocalWorld } from '../testing/local-world.ts'
import { lonelyInstance } from '../testing/lonely-instance.ts'

let world: LocalWorld
beforeAll(async () => {
  world = await makeLocalWorld()
})
afterAll(async () => {
  await world?.dispose()
})

const PORT = 7999
const address = () => octetAddress(world.substrate.installation.octet, 9, 9)

async function listen(): Promise<Server> {
  const server = createServer((socket) => socket.end()).listen(PORT, address())
  await once(server, 'listening')
  return server
}

describe('a program that starts after another', () => {
  it('when the port that it waits for is opened, it starts', async () => {
    const startsAfter = { host: address(), port: PORT, atMostSeconds: 60 }
    const instance = lonelyInstance(world, { name: 'follower', startsAfter })
    await world.substrate.instances.ensure(instance.spec)
    await instance.untilState('starting')
    await expect(instance.answeringPid()).rejects.toThrow(/ECONNREFUSED/)
    const server = await listen()
    await waitFor(() => instance.answeringPid(), { what: 'the follower to answer' })
    server.close()
  })

  it('when the port stays closed, it starts all the same', async () => {
    const startsAfter = { host: address(), port: PORT, atMostSeconds: 1 }
    const instance = lonelyInstance(world, { name: 'patient', startsAfter })
    await world.substrate.instances.ensure(instance.spec)
    await waitFor(() => instance.answeringPid(), { what: 'the patient one to answer' })
  })

  it('when it is stopped while it waits, nothing of it is left', async () => {
    const startsAfter = { host: address(), port: PORT, atMostSeconds: 60 }
    const instance = lonelyInstance(world, { name: 'stopped', startsAfter })
    await world.substrate.instances.ensure(instance.spec)
    await instance.untilState('starting')
    await waitFor(async () => (await world.substrate.instances.remove(instance.spec)) === 'gone', { what: 'its end' })
    expect(await instance.observe()).toBeUndefined()
  })
})
