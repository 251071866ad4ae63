import type { KubeClient } from './kube-client.ts'
import type { RequestOptions } from './requests.ts'

export interface ResourceAttributes {
  readonly verb: string
  readonly group?: string
  readonly version?: string
  /** Plural. */
  readonly resource: string
  readonly subresource?: string
  readonly namespace?: string
  readonly name?: string
}

export interface AccessQuestion {
  readonly user: string
  readonly groups?: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
  readonly resourceAttributes: ResourceAttributes
}

export interface AccessAnswer {
  readonly allowed: boolean
  /** The authorizer's words; often empty. */
  readonly reason: string
}

/** Whether somebody may do something, asked without doing it (SubjectAccessReview). */
export async function subjectAccessReview(
  client: KubeClient,
  question: AccessQuestion,
  options: RequestOptions = {},
): Promise<AccessAnswer> {
  return await review(client, { kind: 'SubjectAccessReview', plural: 'subjectaccessreviews', spec: question }, options)
}

/** Whether we ourselves may do something (SelfSubjectAccessReview): everybody may ask that. */
export async function selfSubjectAccessReview(
  client: KubeClient,
  resourceAttributes: ResourceAttributes,
  options: RequestOptions = {},
): Promise<AccessAnswer> {
  const asked = { kind: 'SelfSubjectAccessReview', plural: 'selfsubjectaccessreviews', spec: { resourceAttributes } }
  return await review(client, asked, options)
}

async function review(
  client: KubeClient,
  { kind, plural, spec }: { readonly kind: string; readonly plural: string; readonly spec: object },
  options: RequestOptions,
): Promise<AccessAnswer> {
  const answer = (await client.request(`/apis/authorization.k8s.io/v1/${plural}`, {
    ...options,
    method: 'POST',
    body: { apiVersion: 'authorization.k8s.io/v1', kind, spec },
  })) as {
    readonly status?: { readonly allowed?: boolean; readonly reason?: string; readonly evaluationError?: string }
  }
  const { allowed = false, reason = '', evaluationError = '' } = answer.status ?? {}
  return { allowed, reason: reason || evaluationError }
}
