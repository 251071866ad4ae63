/** As EKS's model bounds TagMap. */
export const MOST_TAGS = 50

/** What is wrong with tags that a caller wants to give, beside what the model's bounds say. */
export function tagComplaints(tags: Readonly<Record<string, string>>): readonly string[] {
  const reserved = Object.keys(tags).find((key) => key.toLowerCase().startsWith('aws:'))
  return reserved === undefined
    ? []
    : [`tags must have no key that begins with "aws:", as ${JSON.stringify(reserved)} does`]
}
