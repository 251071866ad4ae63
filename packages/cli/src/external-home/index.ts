export { type Leftover, removeFromHome } from './remove.ts'
export { examineHome, useHome } from './use.ts'
