import { FakeClock } from '@evenkeel/kernel/testing'
import type { MachineSpec } from '@evenkeel/substrate'
import type { MachinesUnderTest } from '@evenkeel/substrate/conformance'
import { SimulatedSubstrate } from '../index.ts'

/** Of simulated time, between two looks. */
const TURN_MS = 100

const CAPACITY = { cpus: 100, memoryMib: 200_000, diskGib: 1000 }

/** Machines of a world of their own, with a clock that only `turn` moves. */
export async function makeSimulatedMachines(): Promise<MachinesUnderTest> {
  const clock = new FakeClock()
  const { machines } = new SimulatedSubstrate({
    clock,
    machineCapacity: CAPACITY,
    hasProgram: ({ name }) => name !== 'nothing',
  })
  let made = 0
  return {
    machines,
    reopen: async () => machines,
    turn: () => clock.advance(TURN_MS),
    async machine(wishes) {
      made += 1
      return {
        zone: 'a',
        instanceType: 't3.small',
        resources: { cpus: 1, memoryMib: 512, diskGib: 1 },
        address: { host: `100.64.0.${made}`, podCidr: `10.200.${made}.0/24` },
        tools: [],
        programs: ['one', 'two'].map((name): MachineSpec['programs'][number] => ({
          name,
          program: { name: 'sleep', version: 'v1.0.0' },
          args: [],
          env: {},
          files: [],
          stopGraceSeconds: 5,
        })),
        ...wishes,
      }
    },
    killProgram: async (id, program) => machines.killProgram(id, program),
    tooMuch: { cpus: CAPACITY.cpus + 1, memoryMib: CAPACITY.memoryMib + 1, diskGib: CAPACITY.diskGib + 1 },
    dispose: async () => {},
  }
}
