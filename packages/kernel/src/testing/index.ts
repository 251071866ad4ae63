export * from './fake-clock.ts'
export * from './fake-home/index.ts'
export * from './free-port.ts'
export * from './wait-for.ts'
