export { HOME_MANIFEST, type HomeManifest, homeManifest } from './home-manifest.ts'
export * from './installation.ts'
export {
  type Claimant,
  canBind,
  heldClaims,
  MACHINE_FOLDERS,
  releaseClaims,
  type StaleClaim,
  staleClaims,
} from './machine-claims.ts'
export { claimOctet, octetAddress, reclaimOctet } from './octet.ts'
export { realPaths, requireLocalInstallation } from './opening.ts'
export * from './paths.ts'
export { claimEndpointPort, claimServicePort, ENDPOINT_PORTS, portClaim } from './ports.ts'
export { claimantOf, type InstallationWishes, prepareInstallation } from './preparation.ts'
export * from './programs.ts'
