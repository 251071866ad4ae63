export { createEndpoint } from './endpoint.ts'
