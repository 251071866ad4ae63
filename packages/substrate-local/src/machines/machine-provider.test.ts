import { describeMachineProvider } from '@evenkeel/substrate/conformance'
import { describe } from 'vitest'
import { makeLocalMachines } from '../testing/local-machines.ts'
import { whatMachinesLack } from './index.ts'

const lacks = (await whatMachinesLack()).map(({ what }) => what)

describe.runIf(lacks.length === 0)(`local machines${lacks.length === 0 ? '' : ` (this host lacks ${lacks})`}`, () => {
  describeMachineProvider('local', () => makeLocalMachines())
})
