/** In RE2 and JavaScript. As Kubernetes has it (apimachinery's IsQualifiedName), within EKS's bound of 63 characters. */
export const LABEL_KEY =
  '^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$'
export const LABEL_VALUE = '^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$'
/** Keys that nodes have from us, or from their cluster, and those that only Kubernetes itself may give. */
export const RESERVED_LABEL_KEY = '^([a-z0-9.-]*[.])?(eks[.]amazonaws[.]com|kubernetes[.]io|k8s[.]io)/'

export const LABEL_RULE = 'what Kubernetes takes as that of a label: letters, digits, and -, _ or . between them'
export const RESERVED_LABEL_RULE =
  'keys of eks.amazonaws.com, kubernetes.io and k8s.io are given by Evenkeel and Kubernetes'

const key = new RegExp(LABEL_KEY)
const value = new RegExp(LABEL_VALUE)
const reserved = new RegExp(RESERVED_LABEL_KEY)

export function isLabelKey(text: string): boolean {
  return text.length <= 63 && key.test(text)
}

export function isLabelValue(text: string): boolean {
  return text.length <= 63 && value.test(text)
}

/** Whether nobody may give nodes a label of this key. */
export function isReservedLabelKey(text: string): boolean {
  return reserved.test(text)
}
