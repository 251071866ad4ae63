/** The parts of an ARN: `arn:<partition>:<service>:<region>:<account>:<resource>`. */
export interface Arn {
  readonly partition: string
  readonly service: string
  readonly region: string
  readonly accountId: string
  /** Everything after the account, such as `cluster/web`. */
  readonly resource: string
}

export function parseArn(text: string): Arn | undefined {
  const match = /^arn:(aws[a-z-]*):([a-z0-9-]+):([a-z0-9-]*):([0-9]{12}|):(.+)$/su.exec(text)
  if (match === null) return undefined
  const [, partition = '', service = '', region = '', accountId = '', resource = ''] = match
  return { partition, service, region, accountId, resource }
}

export function clusterArn(at: { readonly region: string; readonly accountId: string }, clusterName: string): string {
  return `arn:aws:eks:${at.region}:${at.accountId}:cluster/${clusterName}`
}

/** `uid` is that of the object, so that one made again under its name has another ARN. */
export function nodeGroupArn(
  at: { readonly region: string; readonly accountId: string },
  group: { readonly clusterName: string; readonly nodegroupName: string; readonly uid: string },
): string {
  return `arn:aws:eks:${at.region}:${at.accountId}:nodegroup/${group.clusterName}/${group.nodegroupName}/${group.uid}`
}

/** The cluster that a call is about; undefined where it is about none or about something that is no cluster. */
export function clusterNameOf(input: Readonly<Record<string, unknown>>): string | undefined {
  const { name, clusterName, resourceArn } = input
  if (typeof resourceArn === 'string') {
    const [kind, ofCluster] = parseArn(resourceArn)?.resource.split('/') ?? []
    return kind === 'cluster' || kind === 'nodegroup' ? ofCluster : undefined
  }
  const given = clusterName ?? name
  return typeof given === 'string' ? given : undefined
}
