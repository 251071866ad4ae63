import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { waitFor } from '@evenkeel/kernel/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, recordsOf } from './from-below.ts'
import { Installation } from './installation.ts'
import { profileKey } from './signed-request.ts'

/** The whole road with the real programs: up, demo, a second cluster by the AWS CLI, kubectl, delete, down, up again. */
describe('when a newcomer follows the README', () => {
  const evenkeel = new Installation()
  let upOutput = ''

  beforeAll(async () => {
    upOutput = await evenkeel.evenkeel(['up'], { deadlineMs: 600_000 })
  })
  afterAll(() => evenkeel.destroy(), 180_000)

  test('when up has ended, it has said where the API is and that demo is ACTIVE', () => {
    expect(upOutput).toMatch(/Evenkeel serves region local-1 at http:\/\/127\.0\.0\.1:\d+/)
    expect(upOutput).toMatch(/cluster demo is ACTIVE: Kubernetes 1\.37, 3 etcd and 2 API servers in zones a, b, c/)
  })

  test('when the printed exports are evaluated, stock aws and kubectl work with no flag', async () => {
    const { clusters } = JSON.parse(await evenkeel.shell('aws eks list-clusters --output json')) as {
      clusters: string[]
    }
    expect(clusters).toEqual(['demo'])
    expect(await evenkeel.shell('kubectl get namespaces -o name')).toContain('namespace/kube-system')
  })

  test('when files hold secrets, nobody else can read them, and no authenticator gets at a secret key', () => {
    const { secretAccessKey } = profileKey(evenkeel.home)
    expect(secretAccessKey).toHaveLength(40)
    const spellings = [secretAccessKey, Buffer.from(secretAccessKey).toString('base64')]
    const keepersOwn = ['records', 'run/authenticator', 'run/clusters']
    for (const folder of ['aws', 'access', 'kube', 'mirror', ...keepersOwn]) {
      for (const entry of readdirSync(join(evenkeel.home, folder), { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name)
        expect(statSync(path).mode & 0o077, path).toBe(0)
        const text = entry.isFile() && keepersOwn.includes(folder) ? readFileSync(path, 'latin1') : ''
        expect(
          spellings.filter((spelling) => text.includes(spelling)),
          path,
        ).toEqual([])
      }
    }
  })

  test('when the home is asked, our kinds read well', async () => {
    const table = await evenkeel.evenkeel(['kubectl', '--home', 'get', 'clusters'])
    expect(table).toMatch(/demo\s/)
    expect(table).toContain('ACTIVE')
  })

  test('when the control plane is looked at from below, Secrets are encrypted and every port knows who asks', async () => {
    const { cluster } = JSON.parse(await evenkeel.shell('aws eks describe-cluster --name demo --output json')) as {
      cluster: { endpoint: string; identity: { oidc: { issuer: string } } }
    }
    const id = cluster.identity.oidc.issuer.split('/').at(-1) ?? 'none'
    const { authority, etcdAuthority, etcdValue } = recordsOf(evenkeel.home, id)
    const commands = evenkeel.processes().flatMap(({ command }) => (command.includes(`/${id}/`) ? [command] : []))
    const flagsOf = (program: string, flag: string) =>
      commands.flatMap((command) =>
        command.split(' ')[0]?.endsWith(`/${program}`)
          ? (new RegExp(` --${flag}=(\\S+)`).exec(command)?.[1] ?? [])
          : [],
      )
    expect(commands.filter((command) => /unsafe|insecure|http:\/\//.test(command))).toEqual([])
    expect(flagsOf('kube-apiserver', 'service-account-issuer')).toEqual(Array(2).fill(cluster.identity.oidc.issuer))
    expect(flagsOf('kube-apiserver', 'goaway-chance')).toEqual(['0.001', '0.001'])
    const etcdHosts = flagsOf('etcd', 'listen-client-urls').map((url) => new URL(url).hostname)
    expect(etcdHosts).toHaveLength(3)

    await evenkeel.shell('kubectl create secret generic told --from-literal=a=marker-in-plain-text')
    await evenkeel.shell('kubectl create configmap told --from-literal=a=marker-in-plain-text')
    for (const host of etcdHosts) {
      // A member may be a moment behind the two that made the quorum.
      await expect.poll(() => etcdValue(host, '/registry/configmaps/default/told')).toContain('marker-in-plain-text')
      const secret = await etcdValue(host, '/registry/secrets/default/told')
      expect(secret).toMatch(/^k8s:enc:secretbox:v1:/)
      expect(secret).not.toContain('marker-in-plain-text')
      for (const port of [2379, 2380, 2381, 2382]) {
        const url = `https://${host}:${port}/metrics`
        const stranger = ask({ url, authority: etcdAuthority, serverName: 'etcd.evenkeel.internal' })
        await expect(stranger, url).rejects.toThrow(/certificate|ECONNRESET|hang up|alert/)
      }
    }
    for (const [program, port] of [
      ['kube-controller-manager', 10257],
      ['kube-scheduler', 10259],
    ] as const) {
      for (const host of flagsOf(program, 'bind-address')) {
        const answer = await ask({ url: `https://${host}:${port}/metrics`, authority, serverName: program })
        expect(answer.status, program).toBe(403)
      }
    }
    for (const serverName of ['kubernetes.default.svc', 'kubernetes']) {
      expect((await ask({ url: `${cluster.endpoint}/readyz`, authority, serverName })).status).toBe(200)
      expect((await ask({ url: `${cluster.endpoint}/version`, authority, serverName })).status).toBe(401)
    }
    const everything = await evenkeel.shell('kubectl get all,configmaps,secrets,serviceaccounts,events,clusterroles -A')
    expect(everything).not.toContain('evenkeel')
  })

  test('when our own programs are asked how they are, they say so, with metrics', async () => {
    const { octet, servicePort } = JSON.parse(readFileSync(join(evenkeel.home, 'installation.json'), 'utf8')) as {
      octet: number
      servicePort: number
    }
    const get = async (url: string) => {
      const response = await fetch(url, { signal: AbortSignal.timeout(10_000) })
      return { status: response.status, text: await response.text() }
    }
    const service = `http://127.0.0.1:${servicePort}`
    const keepers = [1, 2, 3].map((zone) => `http://127.${octet}.${zone}.1:9090`)
    const authenticators = [1, 2].map((zone) => `http://127.${octet}.${zone}.1:9444`)
    for (const program of [service, ...keepers, ...authenticators]) {
      for (const path of ['/healthz', '/readyz']) {
        expect(await get(program + path), program).toMatchObject({ status: 200, text: expect.stringMatching(/ok\n$/) })
      }
    }
    const ofService = (await get(`${service}/metrics`)).text
    expect(ofService).toContain(
      'evenkeel_eks_request_duration_seconds_count{operation="CreateCluster",code="Success"} 1',
    )
    expect(ofService).toContain('evenkeel_eks_clusters_items{status="ACTIVE"} 1')
    const ofKeepers = await Promise.all(keepers.map(async (keeper) => (await get(`${keeper}/metrics`)).text))
    const acting = ofKeepers.filter((text) => /^evenkeel_keeper_acting_state 1$/m.test(text))
    expect(acting).toHaveLength(1)
    expect(acting[0]).toMatch(/^evenkeel_reconcile_duration_seconds_count\{reconciler="control-plane",.*\} \d+$/m)
    expect(acting[0]).toMatch(/^evenkeel_reconcile_queue_items\{reconciler="control-plane"\} \d+$/m)
    // The home is one of them.
    expect(acting[0]).toContain('evenkeel_keeper_clusters_items{phase="ACTIVE"} 2')
    const reviews = await Promise.all(authenticators.map(async (one) => (await get(`${one}/metrics`)).text))
    expect(reviews.join('')).toContain('evenkeel_authenticator_reviews_total{result="authenticated"}')
  })

  test('when the AWS CLI makes a cluster, its creator is admin there, and delete leaves nothing', async () => {
    const made = JSON.parse(
      await evenkeel.shell(
        'aws eks create-cluster --name api --role-arn arn:aws:iam::000000000000:role/any --resources-vpc-config subnetIds=subnet-1,subnet-2 --output json',
      ),
    ) as { cluster: { status: string; arn: string } }
    expect(made.cluster.status).toBe('CREATING')
    await evenkeel.shell('aws eks wait cluster-active --name api', { deadlineMs: 240_000 })
    const kubeconfig = join(evenkeel.scratch, 'api.kubeconfig')
    await evenkeel.shell(`aws eks update-kubeconfig --name api --kubeconfig '${kubeconfig}'`)
    const env = { KUBECONFIG_OF_API: kubeconfig }
    await evenkeel.shell('kubectl --kubeconfig "$KUBECONFIG_OF_API" create deployment x --image=y', { env })
    const replicaSets = 'kubectl --kubeconfig "$KUBECONFIG_OF_API" wait --for=create replicaset -l app=x --timeout=30s'
    await evenkeel.shell(replicaSets, { env })
    const described = JSON.parse(await evenkeel.shell('aws eks describe-cluster --name api --output json')) as {
      cluster: { status: string; identity: { oidc: { issuer: string } }; endpoint: string }
    }
    expect(described.cluster.identity.oidc.issuer).toMatch(`${described.cluster.endpoint}/oidc/`)

    await evenkeel.shell('aws eks delete-cluster --name api')
    await waitFor(async () => (await evenkeel.tryShell('aws eks describe-cluster --name api')).code !== 0, {
      what: 'the cluster to be gone',
      deadlineMs: 240_000,
      intervalMs: 1000,
    })
    expect(evenkeel.processes().filter(({ command }) => command.includes(described.cluster.endpoint.slice(8)))).toEqual(
      [],
    )
    const id = described.cluster.identity.oidc.issuer.split('/').at(-1) ?? 'none'
    const traces = readdirSync(evenkeel.home, { recursive: true })
      .map(String)
      .filter((path) => path.includes(id))
    expect(traces).toEqual([])
  })

  test('when everything is put down and brought up again, nothing is lost and no process was left between', async () => {
    await evenkeel.shell('kubectl create namespace kept')
    await evenkeel.evenkeel(['down'], { deadlineMs: 90_000 })
    expect(evenkeel.processes()).toEqual([])
    expect(existsSync(evenkeel.home)).toBe(true)
    await evenkeel.evenkeel(['up'], { deadlineMs: 300_000 })
    expect(await evenkeel.shell('kubectl get namespace kept -o name')).toBe('namespace/kept\n')
  })

  test('when demo was deleted, up does not bring it back', async () => {
    await evenkeel.evenkeel(['cluster', 'delete', 'demo'], { deadlineMs: 120_000 })
    await evenkeel.evenkeel(['up'], { deadlineMs: 300_000 })
    expect(JSON.parse(await evenkeel.shell('aws eks list-clusters --output json'))).toEqual({ clusters: [] })
  })

  test('when it is destroyed, the state folder and every process are gone', async () => {
    await evenkeel.evenkeel(['destroy', '--yes'], { deadlineMs: 120_000 })
    expect(evenkeel.processes()).toEqual([])
    expect(existsSync(evenkeel.home)).toBe(false)
  })
})
