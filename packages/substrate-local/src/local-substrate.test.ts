import { describeClusterNetwork, describeSubstrate } from '@evenkeel/substrate/conformance'
import { describe } from 'vitest'
import { whyNoPrivateNetworks } from './private-network/index.ts'
import { makeLocalWorld } from './testing/local-world.ts'

describeSubstrate('local', () => makeLocalWorld())

const why = await whyNoPrivateNetworks()
describe.skipIf(why !== undefined)(`with private networks${why === undefined ? '' : ` (${why})`}`, () => {
  describeClusterNetwork(() => makeLocalWorld({ networks: 'private' }))
})
