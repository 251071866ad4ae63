import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defaultRelease, imageReference } from '@evenkeel/distribution'
import { waitFor } from '@evenkeel/kernel/testing'
import { whyNoPrivateNetworks } from '@evenkeel/substrate-local'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Finished, Installation, run } from './installation.ts'

const why = await whyNoPrivateNetworks()
const NODE_GROUP = '--cluster-name demo --nodegroup-name workers'

/** A server of HTTP that needs no registry: CoreDNS, for its health page. */
const image = imageReference({ name: 'coredns', version: defaultRelease().addOns.coredns })
const WEB = `
apiVersion: v1
kind: ConfigMap
metadata: { name: web }
data:
  Corefile: |
    .:1053 {
      whoami
      health :8080
    }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      dnsPolicy: Default
      topologySpreadConstraints:
        - { maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: { matchLabels: { app: web } } }
      containers:
        - name: web
          image: ${image}
          args: [-conf, /etc/coredns/Corefile]
          readinessProbe: { httpGet: { path: /health, port: 8080 }, periodSeconds: 1 }
          volumeMounts: [{ name: config, mountPath: /etc/coredns }]
      volumes: [{ name: config, configMap: { name: web } }]
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports: [{ name: http, port: 80, targetPort: 8080 }]
`

/** The road to containers, with the real programs: a node group by the AWS CLI, pods by kubectl. */
describe.skipIf(why !== undefined)(`nodes${why === undefined ? '' : ` (${why})`}`, () => {
  const evenkeel = new Installation()
  const kubectl = (line: string) => evenkeel.shell(`kubectl --context demo ${line}`)

  beforeAll(async () => {
    await evenkeel.evenkeel(['up'], { deadlineMs: 900_000 })
  })
  afterAll(() => evenkeel.destroy(), 180_000)

  /** The AWS CLI's own waiters look every 30 s. */
  async function untilNodeGroup(isIt: (answer: Finished) => boolean, what: string): Promise<void> {
    const ask = `aws eks describe-nodegroup ${NODE_GROUP} --query nodegroup.status --output text`
    const look = async () => isIt(await evenkeel.tryShell(ask))
    await waitFor(look, { what: `the node group ${what}`, deadlineMs: 240_000, intervalMs: 1000 })
  }

  async function readyNodes(): Promise<string[]> {
    const ready = '{range .items[*]}{.metadata.name}={.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}'
    const lines = (await kubectl(`get nodes -o jsonpath='${ready}'`)).trim().split('\n')
    return lines.flatMap((line) => (line.endsWith('=True') ? [line.slice(0, -'=True'.length)] : []))
  }

  test('when a node group is asked for by the AWS CLI, its nodes are Ready in two zones', async () => {
    await evenkeel.shell(
      `aws eks create-nodegroup ${NODE_GROUP} --subnets subnet-1 --node-role arn:aws:iam::000000000001:role/node --scaling-config minSize=1,maxSize=3,desiredSize=2 --instance-types t3.small --disk-size 5`,
    )
    await untilNodeGroup((answer) => answer.stdout.trim() === 'ACTIVE', 'to be ACTIVE')
    expect(await readyNodes()).toHaveLength(2)
    const zones = await kubectl(`get nodes -o jsonpath='{.items[*].metadata.labels.topology\\.kubernetes\\.io/zone}'`)
    expect(new Set(zones.split(' ')).size).toBe(2)
    expect(await evenkeel.evenkeel(['status'])).toMatch(/node group workers {2}ACTIVE {2}2\/2 Ready/)
  })

  test('when a Deployment is made, its pods answer through their Service, and logs and exec reach them', async () => {
    await evenkeel.shell('kubectl --context demo apply -f -', { stdin: WEB })
    await kubectl('rollout status deployment/web --timeout=90s')
    expect(new Set((await kubectl(`get pods -o jsonpath='{.items[*].spec.nodeName}'`)).split(' ')).size).toBe(2)
    // From an API server to a pod.
    expect(await kubectl('get --raw /api/v1/namespaces/default/services/http:web:http/proxy/health')).toBe('OK')
    expect(await kubectl('logs deployment/web')).toContain('CoreDNS-')
    expect(await kubectl('exec deployment/web -- /coredns -version')).toContain('CoreDNS-')
  })

  test('when a node asks for a Service by its address, kube-proxy leads it there', async () => {
    const address = await kubectl(`get service web -o jsonpath='{.spec.clusterIP}'`)
    const { octet } = JSON.parse(readFileSync(join(evenkeel.home, 'installation.json'), 'utf8')) as { octet: number }
    const list = (await run('ip', ['netns', 'list'])).stdout.split('\n')
    const node = list
      .map((line) => line.split(' ')[0] ?? '')
      .find((name) => name.startsWith(`ek-${octet}-`) && /-n\d+$/.test(name))
    const ask = `exec 3<>/dev/tcp/${address}/80; printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3`
    await waitFor(
      async () => {
        const answer = await run('ip', ['netns', 'exec', node ?? 'none', 'timeout', '3', 'bash', '-c', ask])
        return answer.stdout.includes('200 OK')
      },
      { what: 'an answer through the Service', deadlineMs: 20_000, intervalMs: 500 },
    )
  })

  test('when one node is taken away by an update, its pods move before it goes', async () => {
    const update = `aws eks update-nodegroup-config ${NODE_GROUP} --scaling-config minSize=1,maxSize=3,desiredSize=1`
    await evenkeel.shell(update)
    await waitFor(async () => (await readyNodes()).length === 1, {
      what: 'one node to be left',
      deadlineMs: 120_000,
      intervalMs: 1000,
    })
    await kubectl('rollout status deployment/web --timeout=60s')
    expect(await kubectl('get --raw /api/v1/namespaces/default/services/http:web:http/proxy/health')).toBe('OK')
  })

  test('when the installation was down, its node is back with its pods', async () => {
    await evenkeel.evenkeel(['down'])
    expect(evenkeel.processes()).toEqual([])
    await evenkeel.evenkeel(['up'], { deadlineMs: 300_000 })
    await waitFor(async () => (await readyNodes()).length === 1, {
      what: 'the node to be Ready',
      deadlineMs: 120_000,
      intervalMs: 1000,
    })
    await waitFor(
      async () =>
        (
          await evenkeel.tryShell(
            'kubectl --context demo get --raw /api/v1/namespaces/default/services/http:web:http/proxy/health',
          )
        ).stdout === 'OK',
      { what: 'the pods to answer', deadlineMs: 120_000, intervalMs: 1000 },
    )
  })

  test('when a cluster has nodes, it is not deleted; when its node group is, nothing of the nodes is left', async () => {
    const refused = await evenkeel.tryShell('aws eks delete-cluster --name demo')
    expect(refused.stderr).toContain('ResourceInUseException')
    await evenkeel.shell(`aws eks delete-nodegroup ${NODE_GROUP}`)
    await untilNodeGroup((answer) => answer.stderr.includes('ResourceNotFoundException'), 'to be gone')
    expect(await readyNodes()).toEqual([])
    const machines = readdirSync(join(evenkeel.home, 'machines'), { recursive: true, withFileTypes: true })
    expect(machines.filter((entry) => entry.isFile()).map(({ name }) => name)).toEqual([])
  })
})
