export * from './disk.ts'
export * from './own-address.ts'
export * from './programs.ts'
export * from './system-packages.ts'
