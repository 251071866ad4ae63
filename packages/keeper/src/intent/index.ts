export { homeClusters } from './home-clusters.ts'
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
