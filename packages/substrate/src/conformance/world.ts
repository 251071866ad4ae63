import { afterAll, beforeAll } from 'vitest'

/** One world for the tests of a `describe`, disposed of after them, whatever they did. */
export function useWorld<World extends { dispose(): Promise<void> }>(make: () => Promise<World>): () => World {
  let world: World | undefined
  beforeAll(async () => {
    world = await make()
  })
  afterAll(async () => {
    await world?.dispose()
  })
  return () => {
    if (world === undefined) throw new Error('the world is made before the first test')
    return world
  }
}
