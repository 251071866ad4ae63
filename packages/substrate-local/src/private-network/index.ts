export {
  MOST_NODES,
  POD_CIDR,
  type PrivateNetwork,
  type PrivateNode,
  privateNetwork,
  privateNode,
  privateNodeOf,
} from './addresses.ts'
export { whyNoPrivateNetworks } from './capability.ts'
export {
  type Carrier,
  type CarrierOf,
  carrierOf,
  claimedPrivateNetwork,
  createCarriers,
  privateClaim,
} from './carriers.ts'
export { API_PORT, RELAY_PORT } from './filters.ts'
export { createMachineNetworks } from './machine-networks.ts'
export {
  ensureNetwork,
  ensureNodeNetwork,
  findAbandonedNamespaces,
  isAnythingLeft,
  isNetworkPresent,
  isNodeNetworkPresent,
  removeAllNetworks,
  removeNetwork,
  removeNodeNetwork,
} from './presence.ts'
export { parseRoutes, type Route, readRoutes } from './routes.ts'
export { NAMESPACE_VARIABLE } from './scripts.ts'
