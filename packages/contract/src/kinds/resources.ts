import { GROUP, VERSION } from './object.ts'

/** Where our kinds are found in the home's API. */
const ours = { group: GROUP, version: VERSION, namespaced: true } as const
export const CLUSTERS = { ...ours, plural: 'clusters' } as const
export const NODE_GROUPS = { ...ours, plural: 'nodegroups' } as const
export const UPDATES = { ...ours, plural: 'updates' } as const
export const USERS = { ...ours, plural: 'users' } as const
