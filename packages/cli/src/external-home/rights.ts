import { externalHomeRules, type PolicyRule } from '@evenkeel/contract/kinds'
import { type KubeClient, type ResourceAttributes, selfSubjectAccessReview } from '@evenkeel/kernel'

/** Every single thing that a rule allows. Pure. */
export function questionsOf(rules: readonly PolicyRule[]): ResourceAttributes[] {
  return rules.flatMap(({ apiGroups, resources, resourceNames = [undefined], verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        resourceNames.flatMap((name) =>
          verbs.map((verb) => ({ group, resource, verb, ...(name === undefined ? {} : { name }) })),
        ),
      ),
    ),
  )
}

/** Such as `create, patch clusterroles.rbac.authorization.k8s.io` and `impersonate groups evenkeel:users`. Pure. */
export function describeRights(rights: readonly ResourceAttributes[]): string[] {
  const subjectOf = ({ group = '', resource, name }: ResourceAttributes) =>
    [group === '' ? resource : `${resource}.${group}`, ...(name === undefined ? [] : [name])].join(' ')
  return [...Map.groupBy(rights, subjectOf)].map(
    ([subject, asked]) => `${asked.map(({ verb }) => verb).join(', ')} ${subject}`,
  )
}

/** What the client's identity may not do and has to. */
export async function missingRights(client: KubeClient, signal: AbortSignal): Promise<ResourceAttributes[]> {
  const questions = questionsOf(externalHomeRules())
  const answers = await Promise.all(questions.map((question) => selfSubjectAccessReview(client, question, { signal })))
  return questions.filter((_, at) => answers[at]?.allowed !== true)
}
