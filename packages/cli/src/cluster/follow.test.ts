import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ClusterStatus } from '@evenkeel/contract/kinds'
import { KubeClient } from '@evenkeel/kernel'
import { afterEach, expect, test } from 'vitest'
import { type FollowOptions, followCreation, followDeletion } from './follow.ts'

let server: Server | undefined
let home: KubeClient | undefined

afterEach(() => {
  home?.close()
  server?.close()
})

/** A home that answers each look with the next of `answers`, the last one for ever. `down`: 503, `absent`: 404. */
async function homeThatShows(
  answers: readonly (ClusterStatus | undefined | 'down' | 'absent')[],
): Promise<FollowOptions & { told: string[] }> {
  let at = 0
  server = createServer((request, response) => {
    const answer = answers[Math.min(at, answers.length - 1)]
    at += 1
    response.setHeader('content-type', 'application/json')
    if (answer === 'down') response.writeHead(503).end('{}')
    else if (answer === 'absent') response.writeHead(404).end('{}')
    else
      response.end(
        JSON.stringify({ metadata: { name: request.url }, spec: { eksName: 'demo', version: '1.37' }, status: answer }),
      )
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  home = new KubeClient({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  const told: string[] = []
  const report = {
    live: (text: string) => void told.push(text),
    event: (line: string) => void told.push(line),
    note: () => {},
  }
  return { home, namespace: 'account-1', name: 'demo', report, signal: new AbortController().signal, told }
}

const etcd = { name: 'etcd-a', component: 'etcd', zone: 'a', state: 'Ready' as const }

test('when the cluster becomes ACTIVE, it tells the way and sums up', async () => {
  const options = await homeThatShows([
    undefined,
    { phase: 'CREATING', members: [{ ...etcd, state: 'Starting' }] },
    'down',
    { phase: 'CREATING', members: [etcd] },
    { phase: 'ACTIVE', members: [etcd] },
  ])
  expect(await followCreation(options)).toBe('ACTIVE: Kubernetes 1.37, 1 etcd and 0 API servers in zone a')
  expect(options.told).toEqual([
    'waits for a keeper to take it over',
    'etcd  a Starting',
    'waits for the home to answer',
    'etcd is ready: a',
    'etcd  a Ready',
  ])
})

test('when the cluster becomes FAILED, the error says why and what to do', async () => {
  const issues = [{ code: 'ResourceLimitExceeded', message: 'the disk is full', resourceIds: [] }]
  const options = await homeThatShows([{ phase: 'FAILED', health: { issues } }])
  await expect(followCreation(options)).rejects.toThrow(
    'cluster demo is FAILED, for good: ResourceLimitExceeded: the disk is full; mend that, then ./evenkeel cluster delete demo',
  )
})

test('when somebody deletes the cluster meanwhile, it ends and says so', async () => {
  await expect(followCreation(await homeThatShows([undefined, 'absent']))).rejects.toThrow('somebody has deleted it')
})

test('when nothing is left of a cluster that is deleted, it ends', async () => {
  const options = await homeThatShows([
    { phase: 'DELETING', members: [etcd] },
    { phase: 'DELETING', members: [] },
    'absent',
  ])
  expect(await followDeletion(options)).toBeUndefined()
  expect(options.told).toEqual(['etcd  a Ready', 'removes volumes, records and addresses'])
})
