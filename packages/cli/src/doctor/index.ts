export * from './examine.ts'
export * from './finding.ts'
