export { FakeHome, type FakeHomeOptions, type SeenRequest, type WriteRefusal } from './fake-home.ts'
