import { parseArn } from '@evenkeel/contract/eks'

/** As many as our kinds hold. */
const MOST_IDS = 64

/** What is wrong with the ARN of an IAM role; there is no IAM to ask whether it exists. */
export function roleComplaints(path: string, roleArn: string): readonly string[] {
  const arn = parseArn(roleArn)
  const isRole = arn?.service === 'iam' && arn.accountId !== '' && /^role\/[\w+=,.@/-]+$/.test(arn.resource)
  return isRole && roleArn.length <= 2048
    ? []
    : [
        `${path} must be the ARN of an IAM role, such as arn:aws:iam::123456789012:role/name, not ${JSON.stringify(roleArn.slice(0, 60))}`,
      ]
}

/** What is wrong with ids such as `subnet-0a1b2c`. */
export function idComplaints(path: string, prefix: string, ids: readonly string[]): readonly string[] {
  if (ids.length > MOST_IDS) return [`${path} must have at most ${MOST_IDS} items, not ${ids.length}`]
  const wrong = ids.find((id) => !(id.startsWith(prefix) && /^[a-z]+-[0-9A-Za-z-]{1,200}$/.test(id)))
  return wrong === undefined
    ? []
    : [`${path} must be ids that begin with ${prefix}, not ${JSON.stringify(wrong.slice(0, 60))}`]
}

export function tokenComplaints(clientRequestToken: string | undefined): readonly string[] {
  return (clientRequestToken?.length ?? 0) > 256 ? ['clientRequestToken must have at most 256 characters'] : []
}
