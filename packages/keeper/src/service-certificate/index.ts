export {
  type ServiceCertificatePorts,
  type ServiceCertificateSnapshot,
  serviceCertificateReconciler,
} from './reconciler.ts'
