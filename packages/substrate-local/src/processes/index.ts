export * from './fifo.ts'
export * from './locks.ts'
export * from './process.ts'
