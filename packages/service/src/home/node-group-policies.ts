import type { KubeObject } from '@evenkeel/contract/kinds'
import { accountCheck, finalizerCheck, IS_KEEPER, specCheck } from './policy-checks.ts'
import { celList, validatingPolicy } from './policy-objects.ts'

/**
 * The checks of the EKS API for those who write NodeGroups to the home directly. `bundles`: release versions of nodes
 * that are known.
 */
export function nodeGroupPolicies(known: { readonly bundles: readonly string[] }): readonly KubeObject[] {
  return [...createPolicy(known), ...updatePolicy(known), ...clusterPolicy(), ...clusterDeletePolicy()]
}

function createPolicy({ bundles }: { readonly bundles: readonly string[] }): readonly KubeObject[] {
  return validatingPolicy('evenkeel-node-group-create', {
    scope: { operations: ['CREATE'], resources: ['nodegroups'] },
    checks: [
      accountCheck('node groups'),
      {
        // As with clusters: CEL cannot compute the hash.
        expression: `object.metadata.name == object.spec.clusterName + '.' + object.spec.nodegroupName || request.userInfo.username.startsWith('arn:')`,
        messageExpression: `'a node group named ' + object.spec.nodegroupName + ' of cluster ' + object.spec.clusterName + ' is made through the EKS API: its object has a derived name'`,
        reason: 'Forbidden',
      },
      bundleCheck(bundles),
    ],
  })
}

function updatePolicy({ bundles }: { readonly bundles: readonly string[] }): readonly KubeObject[] {
  const bundle = bundleCheck(bundles)
  return validatingPolicy('evenkeel-node-group-update', {
    scope: { operations: ['UPDATE'], resources: ['nodegroups'] },
    variables: [IS_KEEPER],
    checks: [
      finalizerCheck('node group'),
      specCheck(),
      {
        ...bundle,
        expression: `object.spec.releaseVersion == oldObject.spec.releaseVersion || (${bundle.expression})`,
      },
    ],
  })
}

/** What a cluster says about its node groups. One that is not there yet may come: objects are applied in any order. */
function clusterPolicy(): readonly KubeObject[] {
  const isOther = 'params.spec.eksName != object.spec.clusterName'
  const isNew = 'oldObject == null'
  const minor = (version: string) => `int(${version}.split('.')[1])`
  const behind = `${minor('params.spec.version')} - ${minor('object.spec.version')}`
  return validatingPolicy('evenkeel-node-group-cluster', {
    scope: { operations: ['CREATE', 'UPDATE'], resources: ['nodegroups'] },
    params: 'Cluster',
    checks: [
      {
        expression: `${isOther} || !(${isNew}) || !has(params.metadata.deletionTimestamp)`,
        messageExpression: `'cluster ' + params.spec.eksName + ' is being deleted'`,
      },
      {
        expression: `${isOther} || !(${isNew}) || params.?status.?network.orValue('private') in ['private', 'simulated']`,
        messageExpression: `'cluster ' + params.spec.eksName + ' has no network of its own that nodes could live in: make one with Evenkeel running as root'`,
      },
      {
        expression: `${isOther} || !(${isNew}) && object.spec.version == oldObject.spec.version || (${behind} >= 0 && ${behind} <= 3)`,
        messageExpression: `'spec.version must be that of cluster ' + params.spec.eksName + ', ' + params.spec.version + ', or up to three minors older, not ' + object.spec.version`,
      },
    ],
  })
}

/** As EKS: the nodes go before their control plane. */
function clusterDeletePolicy(): readonly KubeObject[] {
  return validatingPolicy('evenkeel-cluster-node-groups', {
    scope: { operations: ['DELETE'], resources: ['clusters'] },
    params: 'NodeGroup',
    checks: [
      {
        expression: `params.spec.clusterName != oldObject.spec.eksName || has(oldObject.metadata.deletionTimestamp)`,
        messageExpression: `'cluster ' + oldObject.spec.eksName + ' has node groups: delete ' + params.spec.nodegroupName + ' first'`,
        reason: 'Forbidden',
      },
    ],
  })
}

function bundleCheck(bundles: readonly string[]) {
  return {
    expression: `object.spec.releaseVersion in ${celList(bundles)}`,
    messageExpression: `'spec.releaseVersion must be one of ${bundles.join(', ')}, not ' + object.spec.releaseVersion`,
  }
}
