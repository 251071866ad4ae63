import { createHash } from 'node:crypto'
import { KEEPER_FINALIZER, type KubeObject } from '@evenkeel/contract/kinds'
import { newestNodeBundle, type Release, supportStatus } from '@evenkeel/distribution/releases'
import { nodeGroupPolicies } from './node-group-policies.ts'
import { accountCheck, finalizerCheck, IS_KEEPER, specCheck } from './policy-checks.ts'
import { celList, celText, mutatingPolicy, validatingPolicy } from './policy-objects.ts'

/** A Cluster of this name is never made: how the policies answer to it says which of them are in force. */
export const PROBE_NAME = 'evenkeel-policy-probe'
export const REVISION_ANNOTATION = 'evenkeel.dev/policy-revision'

export interface PolicyInput {
  /** All minors of Kubernetes that we know. */
  readonly releases: readonly Release[]
  readonly nowMs: number
}

export interface Policies {
  /** Changes with what the policies say. */
  readonly revision: string
  /** To be applied in order. */
  readonly objects: readonly KubeObject[]
}

/**
 * The checks of the EKS API for those who write Clusters and NodeGroups to the home directly, and what only admission can know: who
 * asks. What a schema or a rule of the CustomResourceDefinition can say is said there.
 */
export function admissionPolicies({ releases, nowMs }: PolicyInput): Policies {
  const now = new Date(nowMs)
  const offered = releases.filter((release) => supportStatus(release, now) !== 'ended')
  const inExtendedSupport = offered.filter((release) => supportStatus(release, now) === 'extended')
  const defaultMinor = offered.find((release) => release.isDefault)?.minor
  const newestBundles = Object.fromEntries(
    releases.map((release) => [release.minor, newestNodeBundle(release).releaseVersion]),
  )
  const bundles = releases.flatMap(({ nodeBundles }) => nodeBundles.map(({ releaseVersion }) => releaseVersion))
  const minors = {
    offered: offered.map(({ minor }) => minor),
    inExtendedSupport: inExtendedSupport.map(({ minor }) => minor),
  }
  const revision = createHash('sha256')
    .update(JSON.stringify(policyObjects({ revision: '', minors, defaultMinor, newestBundles, bundles })))
    .digest('hex')
    .slice(0, 16)
  return { revision, objects: policyObjects({ revision, minors, defaultMinor, newestBundles, bundles }) }
}

interface Rendering {
  readonly revision: string
  readonly minors: { readonly offered: readonly string[]; readonly inExtendedSupport: readonly string[] }
  readonly defaultMinor: string | undefined
  /** Release versions of nodes by minor. */
  readonly newestBundles: Readonly<Record<string, string>>
  /** Release versions of nodes, all that are known. */
  readonly bundles: readonly string[]
}

function policyObjects(rendering: Rendering): readonly KubeObject[] {
  return [
    ...defaultsPolicy(rendering),
    ...clusterCreatePolicy(rendering),
    ...clusterUpdatePolicy(rendering),
    ...clusterDeletePolicy(),
    ...nodeGroupPolicies({ bundles: rendering.bundles }),
  ]
}

/** What the home fills in when an object of ours is made. */
function defaultsPolicy({ revision, defaultMinor, newestBundles }: Rendering): readonly KubeObject[] {
  const isCluster = `object.kind == 'Cluster'`
  const isKept = `object.kind in ['Cluster', 'NodeGroup']`
  const isNodeGroup = `object.kind == 'NodeGroup'`
  const bundles = Object.entries(newestBundles).map(([minor, bundle]) => `${celText(minor)}: ${celText(bundle)}`)
  const annotation = REVISION_ANNOTATION.replaceAll('~', '~0').replaceAll('/', '~1')
  const finalizer = celText(KEEPER_FINALIZER)
  return mutatingPolicy('evenkeel-defaults', {
    scope: { operations: ['CREATE'], resources: ['clusters', 'nodegroups', 'updates'] },
    // Without a spec there is nothing to fill in; the schema refuses it.
    condition: { name: 'has-spec', expression: 'has(object.spec)' },
    patches: [
      // Whoever asks, or in whose name it is asked: what the request says of itself does not count.
      `[JSONPatch{op: 'add', path: '/spec/creator', value: request.userInfo.username}]`,
      // From the first moment, so that a deletion before a keeper has seen the object waits for the keeper as well.
      `${isKept} && !(has(object.metadata.finalizers) && ${finalizer} in object.metadata.finalizers) ? (` +
        `has(object.metadata.finalizers) ? [JSONPatch{op: 'add', path: '/metadata/finalizers/-', value: ${finalizer}}]` +
        ` : [JSONPatch{op: 'add', path: '/metadata/finalizers', value: [${finalizer}]}]) : []`,
      ...(defaultMinor === undefined
        ? []
        : [
            `${isCluster} && !has(object.spec.version) ? [JSONPatch{op: 'add', path: '/spec/version', value: ${celText(defaultMinor)}}] : []`,
          ]),
      `${isNodeGroup} && !has(object.spec.releaseVersion) && has(object.spec.version) && object.spec.version in {${bundles.join(', ')}}` +
        ` ? [JSONPatch{op: 'add', path: '/spec/releaseVersion', value: {${bundles.join(', ')}}[object.spec.version]}] : []`,
      `object.metadata.?name.orValue('') == ${celText(PROBE_NAME)} ? [JSONPatch{op: 'add', path: '/metadata/annotations', value: {}},` +
        ` JSONPatch{op: 'add', path: '/metadata/annotations/${annotation}', value: ${celText(revision)}}] : []`,
    ],
  })
}

function clusterCreatePolicy({ revision, minors }: Rendering): readonly KubeObject[] {
  return validatingPolicy('evenkeel-cluster-create', {
    scope: { operations: ['CREATE'], resources: ['clusters'] },
    checks: [
      {
        // First, so that its message is the answer.
        expression: `object.metadata.name != ${celText(PROBE_NAME)}`,
        messageExpression: `'defaults ' + object.metadata.?annotations[?${celText(REVISION_ANNOTATION)}].orValue('none') + ', checks ' + ${celText(revision)}`,
      },
      accountCheck('clusters'),
      {
        // CEL cannot compute the hash, and a wrong one would let two clusters have one EKS name.
        expression: `object.metadata.name == object.spec.eksName || request.userInfo.username.startsWith('arn:')`,
        messageExpression: `'a cluster named ' + object.spec.eksName + ' is made through the EKS API: its object has a derived name'`,
        reason: 'Forbidden',
      },
      {
        expression: `object.spec.version in ${celList(minors.offered)}`,
        messageExpression: `'spec.version must be one of ${minors.offered.join(', ')}, not ' + object.spec.version`,
      },
      supportCheck(minors.inExtendedSupport),
    ],
  })
}

function clusterUpdatePolicy({ minors }: Rendering): readonly KubeObject[] {
  return validatingPolicy('evenkeel-cluster-update', {
    scope: { operations: ['UPDATE'], resources: ['clusters'] },
    variables: [IS_KEEPER],
    checks: [
      finalizerCheck('cluster'),
      specCheck(),
      {
        ...supportCheck(minors.inExtendedSupport),
        expression: `object.spec.?upgradePolicy == oldObject.spec.?upgradePolicy || (${supportCheck(minors.inExtendedSupport).expression})`,
      },
    ],
  })
}

/** As EKS: protection holds for clusters that work, and not for those that are being made or have failed. */
function clusterDeletePolicy(): readonly KubeObject[] {
  return validatingPolicy('evenkeel-cluster-delete', {
    scope: { operations: ['DELETE'], resources: ['clusters'] },
    checks: [
      {
        expression: [
          'has(oldObject.metadata.deletionTimestamp)',
          '!oldObject.spec.?deletionProtection.orValue(false)',
          `!(oldObject.?status.?phase.orValue('') in ['ACTIVE', 'UPDATING'])`,
        ].join(' || '),
        messageExpression: `'cluster ' + oldObject.spec.eksName + ' is protected against deletion: set spec.deletionProtection to false first'`,
        reason: 'Forbidden',
      },
    ],
  })
}

function supportCheck(inExtendedSupport: readonly string[]) {
  return {
    expression: `!(object.spec.version in ${celList(inExtendedSupport)}) || object.spec.?upgradePolicy.?supportType.orValue('EXTENDED') == 'EXTENDED'`,
    messageExpression: `'spec.upgradePolicy.supportType must be EXTENDED for Kubernetes ' + object.spec.version + ', which is in extended support'`,
  }
}
