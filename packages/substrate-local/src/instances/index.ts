export { createInstanceHost } from './instance-host.ts'
