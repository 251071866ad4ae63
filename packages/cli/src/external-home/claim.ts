import { hostname } from 'node:os'
import { IDENTITY_NAMESPACE, type KubeObject } from '@evenkeel/contract/kinds'
import { isConflict, isNotFound, type KubeClient, NAMESPACES } from '@evenkeel/kernel'
import { CommandError } from '../terminal/index.ts'

/** Annotations of our namespace: whose home this is. Keepers of two installations would fight over the same clusters. */
const INSTALLATION = 'evenkeel.dev/installation'
const STATE_FOLDER = 'evenkeel.dev/state-folder'

export interface HomeClaimant {
  /** Id of the installation. */
  readonly id: string
  readonly stateFolder: string
  /** Whether the installation has had an external home before: then it must be this one. */
  readonly hasHome: boolean
}

/** Makes a Kubernetes the home of this installation, and of no other. Throws CommandError where it is another's. */
export async function claimHome(client: KubeClient, claimant: HomeClaimant, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await claimOnce(client, claimant, signal)
      return
    } catch (error) {
      // Somebody made or changed it in between: looked at again.
      if (!isConflict(error)) throw error
      signal.throwIfAborted()
    }
  }
}

async function claimOnce(client: KubeClient, claimant: HomeClaimant, signal: AbortSignal): Promise<void> {
  const annotations = {
    [INSTALLATION]: claimant.id,
    [STATE_FOLDER]: `${hostname()}:${claimant.stateFolder}`,
  }
  const found = await find(client, signal)
  const owner = ownerOf(found)
  if (owner === claimant.id) return
  if (owner !== undefined) {
    const where = found?.metadata.annotations?.[STATE_FOLDER] ?? 'a folder that it does not tell'
    throw new CommandError(
      `--home-kubeconfig: this Kubernetes is the home of the installation ${owner} (${where}): use another one, or ./evenkeel destroy that installation first`,
    )
  }
  if (claimant.hasHome) {
    throw new CommandError(
      '--home-kubeconfig: this is another Kubernetes than the home of this installation, which holds its clusters: give a kubeconfig of that one',
    )
  }
  if (found === undefined) {
    const labels = { 'app.kubernetes.io/part-of': 'evenkeel' }
    const metadata = { name: IDENTITY_NAMESPACE, labels, annotations }
    await client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata }, { signal })
    return
  }
  const { resourceVersion } = found.metadata
  const patch = { metadata: { annotations, resourceVersion } }
  await client.mergePatch(NAMESPACES, { name: IDENTITY_NAMESPACE, patch, signal })
}

/** Id of the installation whose home this is; undefined where it is nobody's. */
export async function findOwner(client: KubeClient, signal: AbortSignal): Promise<string | undefined> {
  return ownerOf(await find(client, signal))
}

function ownerOf(namespace: KubeObject | undefined): string | undefined {
  return namespace?.metadata.annotations?.[INSTALLATION]
}

async function find(client: KubeClient, signal: AbortSignal): Promise<KubeObject | undefined> {
  try {
    return await client.get(NAMESPACES, { name: IDENTITY_NAMESPACE, signal })
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}
