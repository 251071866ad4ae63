export type { NodeInput, NodeVersions } from './input.ts'
export { type KubeTaint, kubeTaint, NODE_GROUP_LABEL, nodeLabels } from './labels.ts'
export { nodeLeafPlan } from './leaves.ts'
export { renderNode } from './render.ts'
