export * from './command-lock.ts'
export * from './http-get.ts'
export * from './opened.ts'
export * from './revision.ts'
