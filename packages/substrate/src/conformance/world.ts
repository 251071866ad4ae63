import { afterAll, beforeAll } from 'vitest'
import type { MakeSubstrate, SubstrateUnderTest } from './under-test.ts'

/** One world for the tests of a `describe`, disposed of after them, whatever they did. */
export function useWorld(make: MakeSubstrate): () => SubstrateUnderTest {
  let world: SubstrateUnderTest | undefined
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
