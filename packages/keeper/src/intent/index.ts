export { type HomeObjects, homeObjects } from './home-objects.ts'
export { type NodeGroupIntentPorts, nodeGroupIntentReconciler } from './node-group-reconciler.ts'
export {
  type NodeGroupId,
  NodeGroupIntent,
  nodeGroupId,
  nodeGroupIntentOf,
  nodeGroupIntentRecord,
  nodeGroupRecord,
  nodeGroupsOf,
  parseNodeGroupIntent,
  serializeNodeGroupIntent,
} from './node-group-record.ts'
export { type IntentPorts, intentReconciler } from './reconciler.ts'
export {
  HomeIntent,
  HostedIntent,
  INTENT_RECORD,
  type Intent,
  intentOf,
  parseIntent,
  serializeIntent,
} from './record.ts'
