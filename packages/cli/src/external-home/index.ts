export { removeFromHome } from './remove.ts'
export { examineHome, type HomeChoice, keptHome, useHome } from './use.ts'
