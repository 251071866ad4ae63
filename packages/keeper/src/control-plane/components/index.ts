export { type KubeconfigInput, kubeconfig } from '../../rendering/index.ts'
export { type ClusterObject, clusterObjects, isAsWanted } from './cluster-objects.ts'
export type { ControlPlaneInput, LeafInput } from './input.ts'
export {
  ACCESS_LEAVES,
  API_SERVER_NAME,
  AUTHENTICATOR_LEAF,
  authenticatorServerName,
  ETCD_SERVER_NAME,
  leafPlan,
} from './leaf-plan.ts'
export { type ComponentName, instanceName } from './members.ts'
export { PORTS } from './ports.ts'
export { type ProbeAddress, probeTargets } from './probe-targets.ts'
export {
  controlPlaneEndpoint,
  controlPlaneVolumes,
  QUICK_STOP_SECONDS,
  renderControlPlane,
} from './render.ts'
