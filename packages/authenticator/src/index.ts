export { Folder } from './folder.ts'
export { reviewToken } from './review.ts'
export { serverNameOf, TokenServer } from './server.ts'
