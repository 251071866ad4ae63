export * from './command-error.ts'
export * from './format.ts'
export * from './steps.ts'
