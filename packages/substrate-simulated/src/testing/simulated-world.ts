import { FakeClock } from '@evenkeel/kernel/testing'
import type { SubstrateUnderTest } from '@evenkeel/substrate/conformance'
import { SimulatedSubstrate } from '../index.ts'

const FLOOR_BYTES = 1000
/** Of simulated time, between two looks. */
const TURN_MS = 100

/** A world of its own, with a clock that only `turn` moves. */
export async function makeSimulatedWorld(): Promise<SubstrateUnderTest> {
  const clock = new FakeClock()
  const substrate = new SimulatedSubstrate({
    clock,
    floorBytes: FLOOR_BYTES,
    hasProgram: ({ name }) => name !== 'nothing',
  })
  return {
    substrate,
    reopen: async () => substrate,
    turn: () => clock.advance(TURN_MS),
    instance: (wishes) => ({
      component: 'sleep',
      place: 'a',
      program: { name: 'sleep', version: 'v1.0.0' },
      args: [],
      env: {},
      files: [],
      volumes: [],
      stopGraceSeconds: 5,
      ...wishes,
    }),
    kill: async ({ cluster, name }) => substrate.instances.kill(cluster, name),
    setFreeBytes: (bytes) => substrate.volumes.setFreeBytes(bytes),
    floorBytes: FLOOR_BYTES,
    async campaignElsewhere(key) {
      const campaign = substrate.elector.campaign(key, new AbortController().signal)
      return { leads: campaign.then(() => undefined), die: () => substrate.elector.lose(key) }
    },
    async endpoint(wishes) {
      const { endpoint, zones } = await substrate.network.claim(wishes.cluster)
      return {
        bind: endpoint.bind,
        port: endpoint.port,
        backends: ['a', 'b'].map((zone) => ({ zone, host: zones[zone]?.host ?? '', port: 6443 })),
        caCertificate: 'CA',
        serverName: 'kubernetes',
        ...wishes,
      }
    },
    dispose: async () => {},
  }
}
