export { removeFromHome } from './remove.ts'
export { examineHome, useHome } from './use.ts'
