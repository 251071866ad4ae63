export * from './kept.ts'
export * from './observe.ts'
export * from './render.ts'
export * from './snapshot.ts'
