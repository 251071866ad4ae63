export { type ActingKeeperPorts, actForCell } from './acting-keeper.ts'
export { HomeIntent, HostedIntent, type Intent } from './intent/index.ts'
export type { KeeperStatus, KeptControlPlane } from './keeper-status.ts'
export type { Supervision } from './supervision.ts'
