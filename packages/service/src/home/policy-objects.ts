import { API_VERSION, type KubeObject } from '@evenkeel/contract/kinds'

const API = 'admissionregistration.k8s.io/v1'
const LABELS = { 'app.kubernetes.io/part-of': 'evenkeel' }

export interface PolicyScope {
  readonly operations: readonly ('CREATE' | 'UPDATE' | 'DELETE')[]
  /** Plurals of our group. */
  readonly resources: readonly string[]
}

/**
 * Objects of ours that the checks are held against, as `params`: all those of the namespace that is written to, one
 * after the other. Where there is none, nothing is checked. Nor is anything for some seconds (10 were seen) after the kinds
 * were made, until the API server knows them: such checks have to stand elsewhere, too.
 */
export type PolicyParams = 'Cluster' | 'NodeGroup'

/** One check in CEL; the message is an expression as well. */
export interface PolicyCheck {
  readonly expression: string
  readonly messageExpression: string
  /** Status of the refusal: 422 when not given. */
  readonly reason?: 'Forbidden' | 'Invalid'
}

export interface PolicyVariable {
  readonly name: string
  readonly expression: string
}

/** A ValidatingAdmissionPolicy with the binding that puts it in force everywhere. */
export function validatingPolicy(
  name: string,
  policy: {
    readonly scope: PolicyScope
    readonly params?: PolicyParams
    readonly variables?: readonly PolicyVariable[]
    readonly checks: readonly PolicyCheck[]
  },
): readonly [policy: KubeObject, binding: KubeObject] {
  const { params } = policy
  const spec = {
    failurePolicy: params === undefined ? 'Fail' : 'Ignore',
    ...(params === undefined ? {} : { paramKind: { apiVersion: API_VERSION, kind: params } }),
    matchConstraints: matchConstraints(policy.scope),
    variables: policy.variables ?? [],
    validations: policy.checks,
  }
  return [
    object({ kind: 'ValidatingAdmissionPolicy', name }, spec),
    object(
      { kind: 'ValidatingAdmissionPolicyBinding', name },
      {
        policyName: name,
        validationActions: ['Deny'],
        ...(params === undefined ? {} : { paramRef: { selector: {}, parameterNotFoundAction: 'Allow' } }),
      },
    ),
  ]
}

/** A MutatingAdmissionPolicy of JSON patches, each an expression that gives a list of them, with its binding. */
export function mutatingPolicy(
  name: string,
  policy: {
    readonly scope: PolicyScope
    readonly condition: { readonly name: string; readonly expression: string }
    readonly patches: readonly string[]
  },
): readonly [policy: KubeObject, binding: KubeObject] {
  const spec = {
    failurePolicy: 'Fail',
    reinvocationPolicy: 'Never',
    matchConstraints: matchConstraints(policy.scope),
    matchConditions: [policy.condition],
    mutations: policy.patches.map((expression) => ({ patchType: 'JSONPatch', jsonPatch: { expression } })),
  }
  return [
    object({ kind: 'MutatingAdmissionPolicy', name }, spec),
    object({ kind: 'MutatingAdmissionPolicyBinding', name }, { policyName: name }),
  ]
}

/** A text as a literal of CEL. */
export function celText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

export function celList(texts: readonly string[]): string {
  return `[${texts.map(celText).join(', ')}]`
}

function matchConstraints({ operations, resources }: PolicyScope) {
  return {
    resourceRules: [{ apiGroups: ['evenkeel.dev'], apiVersions: ['*'], operations, resources }],
  }
}

function object(id: { kind: string; name: string }, spec: object): KubeObject & { spec: object } {
  return { apiVersion: API, kind: id.kind, metadata: { name: id.name, labels: LABELS }, spec }
}
