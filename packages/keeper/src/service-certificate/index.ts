export { serviceCertificateReconciler } from './reconciler.ts'
