import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CLUSTERS, type Cluster, type RoleBinding } from '@evenkeel/contract/kinds'
import {
  CLUSTER_ROLE_BINDINGS,
  CUSTOM_RESOURCE_DEFINITIONS,
  type KubeConnection,
  NAMESPACES,
  VALIDATING_ADMISSION_POLICIES,
} from '@evenkeel/kernel'
import { waitFor } from '@evenkeel/kernel/testing'
import { HomeHarness } from '@evenkeel/service/testing/home-harness'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Installation } from './installation.ts'

function kubeconfigOf({ server, caCertificate = '', token }: KubeConnection): string {
  return JSON.stringify({
    'current-context': 'theirs',
    contexts: [{ name: 'theirs', context: { cluster: 'theirs', user: 'theirs' } }],
    clusters: [
      {
        name: 'theirs',
        cluster: { server, 'certificate-authority-data': Buffer.from(caCertificate).toString('base64') },
      },
    ],
    users: [{ name: 'theirs', user: { token } }],
  })
}

/** `up --home-kubeconfig` with a real Kubernetes that Evenkeel has not made, as a user who is no master of it. */
describe('when the home is a Kubernetes of somebody else', () => {
  const evenkeel = new Installation()
  let theirs: HomeHarness
  let owner: string
  let poor: string

  beforeAll(async () => {
    theirs = await HomeHarness.start([{ user: 'owner' }, { user: 'poor' }])
    owner = join(evenkeel.scratch, 'owner.kubeconfig')
    poor = join(evenkeel.scratch, 'poor.kubeconfig')
    writeFileSync(owner, kubeconfigOf(theirs.connection('owner')), { mode: 0o600 })
    writeFileSync(poor, kubeconfigOf(theirs.connection('poor')), { mode: 0o600 })
    const API = 'rbac.authorization.k8s.io'
    await theirs.client().create(CLUSTER_ROLE_BINDINGS, {
      apiVersion: `${API}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'owner' },
      roleRef: { apiGroup: API, kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ apiGroup: API, kind: 'User', name: 'owner' }],
    } satisfies RoleBinding)
  })
  afterAll(async () => {
    await evenkeel.destroy()
    await theirs?.stop()
  }, 180_000)

  const ours = async () => {
    const lists = await Promise.all(
      [CUSTOM_RESOURCE_DEFINITIONS, VALIDATING_ADMISSION_POLICIES, NAMESPACES].map((resource) =>
        theirs.client().list(resource, { labelSelector: 'app.kubernetes.io/part-of=evenkeel' }),
      ),
    )
    return lists.flatMap(({ items }) => items).filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  }

  test('when its user may not do enough there, up lists what is missing and changes nothing', async () => {
    const refused = await evenkeel.tryEvenkeel(['up', '--home-kubeconfig', poor], { deadlineMs: 60_000 })
    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(/^evenkeel: --home-kubeconfig: its user may not .*\n$/)
    for (const right of [
      /get, list, .* customresourcedefinitions\.apiextensions\.k8s\.io/,
      /impersonate groups evenkeel:users/,
      /such as by a binding to the ClusterRole cluster-admin/,
    ]) {
      expect(refused.stderr).toMatch(right)
    }
    expect(await ours()).toEqual([])
  })

  test('when it may, demo becomes ACTIVE with that home, and status names it', async () => {
    const output = await evenkeel.evenkeel(['up', '--home-kubeconfig', owner], { deadlineMs: 600_000 })
    expect(output).toContain('cluster demo is ACTIVE')
    expect((await evenkeel.tryEvenkeel(['status'])).stdout).toMatch(/^home\s+Ready\s+an API server of somebody else/m)
    expect(evenkeel.processes().filter(({ command }) => command.includes('/clusters/home/'))).toEqual([])
    expect(await evenkeel.evenkeel(['kubectl', 'demo', 'get', 'namespace', 'default', '-o', 'name'])).toBe(
      'namespace/default\n',
    )
  })

  test('when Clusters are looked at there, callers of the EKS API made them, and checks are in force', async () => {
    const { items } = await theirs.client().list<Cluster>(CLUSTERS)
    expect(items).toMatchObject([
      { spec: { eksName: 'demo', creator: expect.stringMatching(/^arn:aws:iam::\d+:user\/admin$/) } },
    ])
    const { namespace = '' } = items[0]?.metadata ?? {}
    const metadata = { name: 'old', namespace }
    const wish = {
      apiVersion: 'evenkeel.dev/v1alpha1',
      kind: 'Cluster',
      metadata,
      spec: { eksName: 'old', version: '1.10' },
    }
    await expect(theirs.client('owner').create(CLUSTERS, wish)).rejects.toThrow(/spec\.version must be one of/)
  })

  test('when a second installation wants the same home, it is told whose it is', async () => {
    const second = new Installation()
    try {
      const refused = await second.tryEvenkeel(['up', '--home-kubeconfig', owner], { deadlineMs: 60_000 })
      expect(refused.stderr).toMatch(/^evenkeel: --home-kubeconfig: this Kubernetes is the home of the installation /)
      expect(refused.stderr).toContain(evenkeel.home)
    } finally {
      await second.destroy()
    }
    expect(await theirs.client().list(CLUSTERS)).toMatchObject({ items: [{ metadata: { name: 'demo' } }] })
  })

  test('when that home is down, clusters serve and are read; when it is back, they are deleted to the end', async () => {
    await theirs.interrupt()
    await evenkeel.evenkeel(['kubectl', 'demo', 'create', 'namespace', 'without-a-home'])
    expect(await evenkeel.shell('aws eks describe-cluster --name demo --query cluster.status --output text')).toBe(
      'ACTIVE\n',
    )
    const role = 'arn:aws:iam::000000000000:role/any'
    const refused = await evenkeel.tryShell(
      `AWS_MAX_ATTEMPTS=1 aws eks create-cluster --name late --role-arn ${role} --resources-vpc-config subnetIds=subnet-1`,
    )
    expect(refused.stderr).toMatch(/ServiceUnavailable|ServerException/)
    await theirs.resume()
    await evenkeel.evenkeel(['cluster', 'delete', 'demo'], { deadlineMs: 120_000 })
    expect(await theirs.client().list(CLUSTERS)).toMatchObject({ items: [] })
  })

  test('when the installation is destroyed, nothing of it is left in that home', async () => {
    // An API server that has just started takes a while to know our kinds, and refuses them meanwhile.
    await waitFor(
      async () => {
        const { code, stderr } = await evenkeel.tryEvenkeel(['cluster', 'create', 'last', '--no-wait'])
        if (code !== 0) expect(stderr).toContain('ServiceUnavailableException')
        return code === 0
      },
      { what: 'the home to take a cluster again', deadlineMs: 60_000 },
    )
    const output = await evenkeel.evenkeel(['destroy', '--yes'], { deadlineMs: 120_000 })
    expect(output).toContain('What Evenkeel has made in the home is removed there')
    expect(await ours()).toEqual([])
  })
})
