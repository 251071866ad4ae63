export { flagsText } from './flags.ts'
export { type KubeconfigInput, kubeconfig } from './kubeconfig.ts'
export { RenderedFiles } from './rendered-files.ts'
export { dnsServiceAddress, firstServiceAddress } from './service-address.ts'
