import type { Figure } from '../figure.ts'
import { createFigure } from './create.ts'
import { createsAtOnceFigure } from './creates-at-once.ts'
import { memoryFigure } from './memory.ts'
import { simulatedFigure } from './simulated.ts'
import { upFigure } from './up.ts'

/** In the order in which they are measured. */
export const FIGURES: readonly Figure[] = [createFigure, memoryFigure, upFigure, createsAtOnceFigure, simulatedFigure]
