import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { NodeGroup, NodeGroupStatus, NodeStatus } from '@evenkeel/contract/kinds'
import { KubeClient } from '@evenkeel/kernel'
import { afterEach, describe, expect, test } from 'vitest'
import { clusterNodesText, describeNodeGroupText, listNodeGroupsText } from './describe.ts'
import { followNodeGroupCreation, followNodeGroupDeletion, type NodeGroupFollowing } from './follow.ts'
import { nodeGroupView } from './view.ts'

const nowMs = Date.parse('2026-11-25T12:00:00Z')
const node: NodeStatus = {
  name: 'ng-1',
  zone: 'a',
  instanceType: 't3.small',
  releaseVersion: '1.37.2-20200101',
  state: 'Joined',
  ready: true,
  since: '2026-11-25T11:58:00Z',
}

/** As the home has it. */
function nodeGroup(status?: NodeGroupStatus, metadata: object = {}): NodeGroup {
  return {
    apiVersion: 'evenkeel.dev/v1alpha1',
    kind: 'NodeGroup',
    metadata: { name: 'demo.small', namespace: 'account-1', ...metadata },
    spec: {
      clusterName: 'demo',
      nodegroupName: 'small',
      version: '1.37',
      releaseVersion: '1.37.2-20200101',
      scalingConfig: { minSize: 1, maxSize: 2, desiredSize: 2 },
    },
    ...(status === undefined ? {} : { status }),
  } as NodeGroup
}

describe('nodeGroupView', () => {
  test('when no keeper has looked at it, it waits for one', () => {
    expect(nodeGroupView(nodeGroup())).toMatchObject({ phase: 'CREATING', waits: ['a keeper that takes it over'] })
  })

  test('when its nodes are behind, it names the newest bundle, and what is open and wrong is said once', () => {
    const message = 'waits for 1 of 2 nodes'
    const condition = { status: 'False', reason: 'X', lastTransitionTime: '2026-11-25T12:00:00Z' } as const
    const view = nodeGroupView(
      nodeGroup({
        phase: 'ACTIVE',
        readyCount: 1,
        nodes: [node],
        conditions: [
          { ...condition, type: 'NodesReady', message: 'not Ready: ng-2' },
          { ...condition, type: 'NodeGroupReady', message },
        ],
        health: { issues: [{ code: 'NodeCreationFailure', message: 'no room', resourceIds: [] }] },
      }),
    )
    expect(view).toMatchObject({
      phase: 'ACTIVE',
      newerRelease: expect.stringMatching(/^1\.37\./),
      ready: 1,
      waits: [message, 'NodesReady: not Ready: ng-2', 'NodeCreationFailure: no room'],
    })
  })

  test('when it is being deleted, it is DELETING, unless that has failed', () => {
    const deleted = { deletionTimestamp: '2026-11-25T12:00:00Z' }
    expect(nodeGroupView(nodeGroup({ phase: 'ACTIVE' }, deleted)).phase).toBe('DELETING')
    expect(nodeGroupView(nodeGroup({ phase: 'DELETE_FAILED' }, deleted)).phase).toBe('DELETE_FAILED')
  })
})

describe('text', () => {
  const group = {
    nodegroupName: 'small',
    clusterName: 'demo',
    status: 'DEGRADED' as const,
    version: '1.37',
    releaseVersion: '1.37.2-20261125',
    scalingConfig: { minSize: 1, maxSize: 3, desiredSize: 2 },
    instanceTypes: ['t3.small'],
    diskSize: 20,
    capacityType: 'ON_DEMAND' as const,
    updateConfig: { maxUnavailablePercentage: 30, updateStrategy: 'MINIMAL' as const },
    nodeRepairConfig: { enabled: true },
    labels: { team: 'a' },
    taints: [{ key: 'only', value: 'web', effect: 'NO_SCHEDULE' as const }],
    health: { issues: [{ code: 'NodeCreationFailure' as const, message: 'no room' }] },
  }

  test('when a node group is described, its nodes have a line each', () => {
    expect(describeNodeGroupText(group, { nodes: [node], nowMs })).toBe(`name       small
cluster    demo
status     DEGRADED
version    1.37
release    1.37.2-20261125
size       2 (1 to 3)
instances  t3.small with 20 GiB, ON_DEMAND
updates    MINIMAL, 30 % unavailable at most
repair     on
labels     team=a
taints     only=web:NO_SCHEDULE
issue      NodeCreationFailure: no room

ng-1  zone a  t3.small  1.37.2-20200101  Ready  for 2 min
`)
    expect(describeNodeGroupText(group, { nodes: undefined, nowMs })).toContain('nodes: the home does not answer\n')
  })

  test('when a cluster is described, so are the nodes of its groups', () => {
    const other = { ...group, nodegroupName: 'x', status: 'ACTIVE' as const }
    expect(clusterNodesText([group, other], { nodes: [[node], undefined], nowMs })).toBe(
      `node group small  DEGRADED  2 wanted  1.37.2-20261125
  ng-1  zone a  t3.small  1.37.2-20200101  Ready  for 2 min
node group x      ACTIVE    2 wanted  1.37.2-20261125
  nodes: the home does not answer
`,
    )
  })

  test('when node groups are listed, each has a line; when there is none, it says how to make one', () => {
    expect(listNodeGroupsText('demo', [group])).toBe(
      'NAME   STATUS    RELEASE          DESIRED  INSTANCES  CREATED\n' +
        'small  DEGRADED  1.37.2-20261125  2        t3.small\n',
    )
    expect(listNodeGroupsText('demo', [])).toContain('./evenkeel nodegroup create demo NAME')
  })
})

describe('following', () => {
  let server: Server | undefined
  let home: KubeClient | undefined
  afterEach(() => {
    home?.close()
    server?.close()
  })

  /** A home that answers each look with the next of `answers`, the last one for ever. `down`: 503, `absent`: 404. */
  async function homeThatShows(
    answers: readonly (NodeGroup | 'down' | 'absent')[],
  ): Promise<NodeGroupFollowing & { told: string[] }> {
    let at = 0
    server = createServer((_request, response) => {
      const answer = answers[Math.min(at, answers.length - 1)]
      at += 1
      response.setHeader('content-type', 'application/json')
      if (answer === 'down') response.writeHead(503).end('{}')
      else if (answer === 'absent') response.writeHead(404).end('{}')
      else response.end(JSON.stringify(answer))
    })
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
    home = new KubeClient({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
    const told: string[] = []
    const report = { live: (text: string) => void told.push(text), event: () => {}, note: () => {} }
    const signal = new AbortController().signal
    return { home, namespace: 'account-1', clusterName: 'demo', name: 'small', report, signal, told }
  }

  test('when it becomes ACTIVE, it tells the way and sums up', async () => {
    const booting = { ...node, state: 'Booting' as const, ready: false }
    const following = await homeThatShows([
      nodeGroup(),
      nodeGroup({ phase: 'CREATING', nodes: [booting] }),
      'down',
      nodeGroup({
        phase: 'ACTIVE',
        readyCount: 2,
        releaseVersion: '1.37.2-20261125',
        nodes: [node, { ...node, zone: 'b' }],
      }),
    ])
    expect(await followNodeGroupCreation(following)).toBe('ACTIVE: 2 nodes of 1.37.2-20261125 in zones a, b')
    expect(following.told).toEqual([
      'a keeper that takes it over',
      'ng-1  zone a  NotReady  Booting',
      'waits for the home to answer',
    ])
  })

  test('when it fails, the error says why and what to do', async () => {
    const issues = [{ code: 'NodeCreationFailure', message: 'ng-1 never joined', resourceIds: [] }]
    const following = await homeThatShows([nodeGroup({ phase: 'CREATE_FAILED', health: { issues } })])
    await expect(followNodeGroupCreation(following)).rejects.toThrow(
      'node group small is CREATE_FAILED, for good: NodeCreationFailure: ng-1 never joined; mend that, then ./evenkeel nodegroup delete demo small',
    )
  })

  test('when nothing is left of one that is deleted, it ends', async () => {
    const deleting = nodeGroup({ phase: 'DELETING', nodes: [{ ...node, state: 'Draining' }] })
    const following = await homeThatShows([deleting, 'absent'])
    expect(await followNodeGroupDeletion(following)).toBe('gone')
    expect(following.told).toEqual(['ng-1  zone a  Ready  Draining'])
  })
})
