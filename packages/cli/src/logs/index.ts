export * from './select.ts'
export * from './tail.ts'
