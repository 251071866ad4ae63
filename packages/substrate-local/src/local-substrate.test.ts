import { describeSubstrate } from '@evenkeel/substrate/conformance'
import { makeLocalWorld } from './testing/local-world.ts'

describeSubstrate('local', makeLocalWorld)
