export { type Lack, whatMachinesLack } from './host-lacks.ts'
export type { MachineNetwork, MachineNetworkOf } from './machine-network.ts'
export { createMachineProvider } from './machine-provider.ts'
export { stopMachines } from './stop-machines.ts'
