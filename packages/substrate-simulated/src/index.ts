export { simulatedNetworkPlan } from './cluster-network.ts'
export type { MachineAilment, MachineTiming } from './machine.ts'
export type { Ailment, ProgramTiming } from './program.ts'
export type { RefusableCall } from './refusals.ts'
export {
  MACHINE_TIMING,
  PROGRAM_TIMING,
  type SettledControlPlane,
  SimulatedSubstrate,
  type SimulatedSubstrateOptions,
} from './simulated-substrate.ts'
