export { type RequestParts, readInput } from './request-input.ts'
export { writeOutput } from './response-output.ts'
export { OPERATION_SCHEMAS, type OperationSchema } from './schemas.ts'
