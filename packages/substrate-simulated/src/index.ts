export { simulatedNetworkPlan } from './cluster-network.ts'
export type { Ailment, ProgramTiming } from './program.ts'
export type { RefusableCall } from './refusals.ts'
export {
  PROGRAM_TIMING,
  type SettledControlPlane,
  SimulatedSubstrate,
  type SimulatedSubstrateOptions,
} from './simulated-substrate.ts'
