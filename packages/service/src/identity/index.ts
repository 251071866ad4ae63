export { Identity, type IdentityOptions } from './identity.ts'
