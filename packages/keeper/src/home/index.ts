export { grantServiceRights } from './grant-service-rights.ts'
export { KubeconfigFiles } from './kubeconfig-files.ts'
