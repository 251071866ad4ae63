export * from './actions.ts'
export * from './arn.ts'
export * from './facts.ts'
export * from './faults.ts'
