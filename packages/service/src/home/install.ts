import { createHash } from 'node:crypto'
import {
  API_VERSION,
  accountNamespace,
  CLUSTERS,
  type Cluster,
  customResourceDefinitions,
  type KubeObject,
} from '@evenkeel/contract/kinds'
import type { Release } from '@evenkeel/distribution/releases'
import {
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  type Clock,
  CUSTOM_RESOURCE_DEFINITIONS,
  isNotFound,
  type KubeClient,
  KubeError,
  MUTATING_ADMISSION_POLICIES,
  MUTATING_ADMISSION_POLICY_BINDINGS,
  NAMESPACES,
  type ResourceRef,
  ROLE_BINDINGS,
  ROLES,
  resourcePath,
  VALIDATING_ADMISSION_POLICIES,
  VALIDATING_ADMISSION_POLICY_BINDINGS,
} from '@evenkeel/kernel'
import { homeManifests, SYSTEM_ACCOUNT_ID } from './manifests.ts'
import { admissionPolicies, PROBE_NAME } from './policies.ts'

export interface InstallHomeOptions {
  /** All minors of Kubernetes that we know: those in support are offered. */
  readonly releases: readonly Release[]
  readonly clock: Clock
  readonly signal: AbortSignal
  /** For the home to act by what it was given; 60 s when not given. */
  readonly deadlineMs?: number
}

const FIELD_MANAGER = 'evenkeel'
const DEADLINE_MS = 60_000
const LOOK_INTERVAL_MS = 100

const RESOURCES: Readonly<Record<string, ResourceRef>> = {
  ClusterRole: CLUSTER_ROLES,
  ClusterRoleBinding: CLUSTER_ROLE_BINDINGS,
  CustomResourceDefinition: CUSTOM_RESOURCE_DEFINITIONS,
  MutatingAdmissionPolicy: MUTATING_ADMISSION_POLICIES,
  MutatingAdmissionPolicyBinding: MUTATING_ADMISSION_POLICY_BINDINGS,
  Namespace: NAMESPACES,
  Role: ROLES,
  RoleBinding: ROLE_BINDINGS,
  ValidatingAdmissionPolicy: VALIDATING_ADMISSION_POLICIES,
  ValidatingAdmissionPolicyBinding: VALIDATING_ADMISSION_POLICY_BINDINGS,
}

/**
 * Makes a Kubernetes API our home, or brings one up to date: kinds, namespaces, roles, admission policies. Resolves
 * when all of it is in force. Idempotent, and safe while the home is in use. Throws KubeError or KubeConnectionError
 * where the home refuses or does not answer, and an Error when it does not act by what it was given in time.
 */
export async function installHome(client: KubeClient, options: InstallHomeOptions): Promise<void> {
  const { clock, signal } = options
  const { objects, definitions, policyRevision } = homeContents(options)
  // Before the kinds, so that in a new home there is no moment with the one and without the other.
  for (const object of objects) await applyObject(client, object, signal)
  await Promise.all(definitions.map((definition) => applyObject(client, definition, signal)))
  const deadlineMs = clock.now() + (options.deadlineMs ?? DEADLINE_MS)
  const wait = async (problemOf: () => Promise<string | undefined>): Promise<void> => {
    for (;;) {
      const problem = await problemOf()
      if (problem === undefined) return
      if (clock.now() > deadlineMs) throw new Error(`the home does not act by what it was given: ${problem}`)
      await clock.sleep(LOOK_INTERVAL_MS, signal)
    }
  }
  for (const { metadata } of definitions) await wait(() => establishmentProblem(client, metadata.name, signal))
  await wait(() => policyProblem(client, policyRevision, signal))
}

/**
 * Whether all of it was installed before by sources that say the same, and is in force: four requests, where to install
 * takes some thirty. What somebody has changed or removed since is not seen. Throws as `installHome` does.
 */
export async function isInstalled(
  client: KubeClient,
  options: Omit<InstallHomeOptions, 'deadlineMs'>,
): Promise<boolean> {
  const { signal } = options
  const { definitions, policyRevision } = homeContents(options)
  for (const { metadata } of definitions) {
    const there = await findDefinition(client, metadata.name, signal)
    if (there?.metadata.annotations?.[REVISION_ANNOTATION] !== metadata.annotations[REVISION_ANNOTATION]) return false
    if (!isEstablished(there)) return false
  }
  return (await policyProblem(client, policyRevision, signal)) === undefined
}

async function findDefinition(client: KubeClient, name: string, signal: AbortSignal): Promise<Definition | undefined> {
  try {
    return await client.get<Definition>(CUSTOM_RESOURCE_DEFINITIONS, { name, signal })
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** On each kind's definition: changes with anything of what is installed. Definitions come last, so that it holds for all. */
const REVISION_ANNOTATION = 'evenkeel.dev/installed-revision'

/** What a home is given, in the order in which it is applied. */
function homeContents({ releases, clock }: Pick<InstallHomeOptions, 'releases' | 'clock'>) {
  const policies = admissionPolicies({ releases, nowMs: clock.now() })
  const objects = [...homeManifests(), ...policies.objects]
  const plain = customResourceDefinitions()
  const revision = createHash('sha256')
    .update(JSON.stringify([objects, plain]))
    .digest('hex')
    .slice(0, 16)
  const definitions = plain.map((definition) => ({
    ...definition,
    metadata: { ...definition.metadata, annotations: { [REVISION_ANNOTATION]: revision } },
  }))
  return { objects, definitions, policyRevision: policies.revision }
}

async function applyObject(client: KubeClient, object: KubeObject, signal: AbortSignal): Promise<void> {
  const resource = RESOURCES[object.kind]
  if (resource === undefined) throw new Error(`a ${object.kind} cannot be installed: add its resource to install.ts`)
  // Fields that somebody else took over are taken back: what they guard is ours.
  await client.apply(resource, object, { fieldManager: FIELD_MANAGER, force: true, signal })
}

interface Definition extends KubeObject {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[]
  }
}

function isEstablished({ status }: Definition): boolean {
  const isTrue = (type: string) =>
    status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') === true
  return isTrue('Established') && isTrue('NamesAccepted')
}

async function establishmentProblem(
  client: KubeClient,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const definition = await client.get<Definition>(CUSTOM_RESOURCE_DEFINITIONS, { name, signal })
  if (isEstablished(definition)) return undefined
  const conditions = definition.status?.conditions ?? []
  const said = conditions.map(({ type, status, message }) => `${type} is ${status}: ${message ?? ''}`).join('; ')
  return `CustomResourceDefinition ${name} is not established (${said || 'no conditions yet'})`
}

/** Asks for a Cluster that policies in force refuse with the revisions that they are of; nothing is made. */
async function policyProblem(client: KubeClient, revision: string, signal: AbortSignal): Promise<string | undefined> {
  const namespace = accountNamespace(SYSTEM_ACCOUNT_ID)
  const probe: Cluster = {
    apiVersion: API_VERSION,
    kind: 'Cluster',
    metadata: { name: PROBE_NAME, namespace },
    spec: { eksName: PROBE_NAME, version: '1.37' },
  }
  try {
    await client.request(resourcePath(CLUSTERS, { namespace }), {
      method: 'POST',
      query: { dryRun: 'All' },
      body: probe,
      signal,
    })
    return 'its admission policies are not in force yet'
  } catch (error) {
    // Whatever it answers: right after its definition a kind is unknown for a moment, and a policy cannot be evaluated.
    if (!(error instanceof KubeError)) throw error
    const isInForce = error.message.includes(`defaults ${revision}, checks ${revision}`)
    return isInForce ? undefined : `its admission policies do not answer as those of this version: ${error.message}`
  }
}
