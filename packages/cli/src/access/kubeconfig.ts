import { parse, stringify } from 'yaml'

/** What a client of one cluster has to know. */
export interface ClusterAddress {
  /** The cluster's name: names the context, too. */
  readonly name: string
  /** `https://host:port`. */
  readonly endpoint: string
  /** PEM in base64. */
  readonly certificateAuthorityData: string
}

/** How kubectl gets a token: our own command line makes it, without a call to anybody. */
export interface TokenCommand {
  /** Absolute path of the launcher. */
  readonly launcher: string
  readonly stateFolder: string
}

interface Entry {
  readonly name: string
  readonly cluster?: unknown
  readonly context?: unknown
  readonly user?: { readonly exec?: { readonly args?: readonly string[] } }
}

interface Kubeconfig {
  readonly apiVersion: 'v1'
  readonly kind: 'Config'
  readonly clusters: readonly Entry[]
  readonly users: readonly Entry[]
  readonly contexts: readonly Entry[]
  readonly 'current-context': string
}

function readKubeconfig(content: string): Kubeconfig {
  const parsed = (parse(content) ?? {}) as Partial<Kubeconfig>
  return {
    ...parsed,
    apiVersion: 'v1',
    kind: 'Config',
    clusters: parsed.clusters ?? [],
    users: parsed.users ?? [],
    contexts: parsed.contexts ?? [],
    'current-context': parsed['current-context'] ?? '',
  }
}

function tokenArgs(cluster: string): string[] {
  return ['token', '--cluster', cluster]
}

/** Whether we wrote the user: the AWS CLI writes others into the same file, and people do. */
function isOurs(user: Entry): boolean {
  return JSON.stringify(user.user?.exec?.args) === JSON.stringify(tokenArgs(user.name))
}

function userOf(name: string, command: TokenCommand): Entry {
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: command.launcher,
    args: tokenArgs(name),
    env: [{ name: 'EVENKEEL_HOME', value: command.stateFolder }],
    interactiveMode: 'Never',
    provideClusterInfo: false,
  }
  return { name, user: { exec } }
}

function clusterOf(address: ClusterAddress): Entry {
  const { name, endpoint, certificateAuthorityData } = address
  return { name, cluster: { server: endpoint, 'certificate-authority-data': certificateAuthorityData } }
}

/**
 * A kubeconfig with one context for each of `addresses`, named like the cluster. Contexts that we wrote earlier for
 * clusters that are not there any more go; everything else in `content` stays. The current context stays while there
 * is one, else it is `preferred`, else the first. Pure.
 */
export function renderKubeconfig(
  content: string,
  addresses: readonly ClusterAddress[],
  options: { readonly command: TokenCommand; readonly preferred?: string },
): string {
  const before = readKubeconfig(content)
  const ours = new Set(before.users.filter(isOurs).map((user) => user.name))
  const names = addresses.map((address) => address.name)
  const foreign = (entries: readonly Entry[]) =>
    entries.filter((entry) => !ours.has(entry.name) && !names.includes(entry.name))
  const contexts = [
    ...foreign(before.contexts),
    ...names.map((name) => ({ name, context: { cluster: name, user: name } })),
  ]
  const candidates = [before['current-context'], options.preferred, contexts[0]?.name]
  const current = candidates.find((name) => contexts.some((context) => context.name === name))
  const after: Kubeconfig = {
    ...before,
    clusters: [...foreign(before.clusters), ...addresses.map(clusterOf)],
    users: [...foreign(before.users), ...names.map((name) => userOf(name, options.command))],
    contexts,
    'current-context': current ?? '',
  }
  return stringify(after, { lineWidth: 0 })
}
