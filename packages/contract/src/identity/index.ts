export * from './user.ts'
