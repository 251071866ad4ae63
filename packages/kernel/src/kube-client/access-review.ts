import type { KubeClient } from './kube-client.ts'
import type { RequestOptions } from './requests.ts'

export interface AccessQuestion {
  readonly user: string
  readonly groups?: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
  readonly resourceAttributes: {
    readonly verb: string
    readonly group?: string
    readonly version?: string
    /** Plural. */
    readonly resource: string
    readonly subresource?: string
    readonly namespace?: string
    readonly name?: string
  }
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
  const review = (await client.request('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    ...options,
    method: 'POST',
    body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec: question },
  })) as {
    readonly status?: { readonly allowed?: boolean; readonly reason?: string; readonly evaluationError?: string }
  }
  const { allowed = false, reason = '', evaluationError = '' } = review.status ?? {}
  return { allowed, reason: reason || evaluationError }
}
