import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KubeObject } from '@evenkeel/contract/kinds'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { writeFileAtomic } from '../files.ts'
import { FakeHome, freePort, waitFor } from '../testing/index.ts'
import { subjectAccessReview } from './access-review.ts'
import {
  isAlreadyExists,
  isConflict,
  isExpired,
  isForbidden,
  isInvalid,
  isNotFound,
  isUnavailable,
  KubeConnectionError,
  KubeError,
} from './errors.ts'
import { KubeClient } from './kube-client.ts'
import { NAMESPACES, type ResourceRef, SECRETS } from './resources.ts'

const DEMOS: ResourceRef = { group: 'example.dev', version: 'v1', plural: 'demos', namespaced: true }

interface Demo extends KubeObject {
  spec: { version: string; tags?: Record<string, string> }
  status?: { phase?: string }
}

function demo(name: string, spec: Demo['spec'] = { version: '1.37' }): Demo {
  return {
    apiVersion: 'example.dev/v1',
    kind: 'Demo',
    metadata: { name, namespace: 'account-1' },
    spec,
  }
}

const at = (name: string) => ({ namespace: 'account-1', name })

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}

let home: FakeHome
let client: KubeClient

beforeEach(async () => {
  home = await FakeHome.start()
  client = home.client()
})

afterEach(async () => {
  client.close()
  await home[Symbol.asyncDispose]()
})

describe('objects', () => {
  test('when an object is created, it can be read, replaced, patched in every way and deleted', async () => {
    const created = await client.create(DEMOS, demo('web'))
    expect(created.metadata).toMatchObject({ name: 'web', namespace: 'account-1', generation: 1 })
    expect(await client.get<Demo>(DEMOS, at('web'))).toEqual(created)

    const replaced = await client.replace(DEMOS, { ...created, spec: { version: '1.36' } })
    expect(replaced.metadata.generation).toBe(2)

    const merged = await client.mergePatch<Demo>(DEMOS, { ...at('web'), patch: { spec: { tags: { a: 'b' } } } })
    expect(merged.spec).toEqual({ version: '1.36', tags: { a: 'b' } })

    const patched = await client.jsonPatch<Demo>(DEMOS, {
      ...at('web'),
      patch: [
        { op: 'test', path: '/spec/version', value: '1.36' },
        { op: 'replace', path: '/spec/version', value: '1.37' },
        { op: 'remove', path: '/spec/tags' },
      ],
    })
    expect(patched.spec).toEqual({ version: '1.37' })

    const applied = await client.apply(DEMOS, demo('web', { version: '1.38' }), {
      fieldManager: 'test',
      force: true,
    })
    expect(applied.spec.version).toBe('1.38')
    expect(home.requests.at(-1)?.path).toContain('?fieldManager=test&force=true')

    await client.delete(DEMOS, at('web'))
    expect(await failureOf(client.get(DEMOS, at('web')))).toSatisfy(isNotFound)
  })

  test('when the subresource status is patched, only the status changes, and a write of the object leaves it', async () => {
    await client.create(DEMOS, demo('web'))
    const patch = { spec: { version: '9.9' }, status: { phase: 'ACTIVE' } }
    const reported = await client.mergePatch<Demo>(DEMOS, { ...at('web'), subresource: 'status', patch })
    expect(reported).toMatchObject({ spec: { version: '1.37' }, status: { phase: 'ACTIVE' } })
    expect(reported.metadata.generation).toBe(1)

    const replaced = await client.replace(DEMOS, { ...reported, status: { phase: 'FAILED' } })
    expect(replaced.status).toEqual({ phase: 'ACTIVE' })
  })

  test('when an object has a finalizer, its deletion waits for it', async () => {
    const held = demo('web')
    held.metadata.finalizers = ['evenkeel.dev/keeper']
    await client.create(DEMOS, held)
    await client.delete(DEMOS, at('web'))
    const deleting = await client.get(DEMOS, at('web'))
    expect(deleting.metadata.deletionTimestamp).toBeDefined()

    await client.mergePatch(DEMOS, { ...at('web'), patch: { metadata: { finalizers: null } } })
    expect(home.objects(DEMOS)).toEqual([])
  })

  test('when there are more objects than a page holds, list brings all of them and listPage one page', async () => {
    for (let count = 0; count < 7; count += 1) {
      await client.create(DEMOS, demo(`web-${count}`))
    }
    const list = await client.list<Demo>(DEMOS, { pageSize: 3 })
    expect(list.items.map(({ metadata }) => metadata.name)).toEqual(
      [0, 1, 2, 3, 4, 5, 6].map((count) => `web-${count}`),
    )
    expect(home.requests.filter(({ method }) => method === 'GET')).toHaveLength(3)

    const page = await client.listPage(DEMOS, { limit: 3, namespace: 'account-1' })
    expect(page.items).toHaveLength(3)
    expect(page.continue).toBeDefined()
  })

  test('when the moment of a paged list expires in between, everything is asked for in one piece', async () => {
    const server = createServer((request, response) => {
      const query = new URL(request.url ?? '', 'http://home').searchParams
      const isLate = query.has('continue')
      response.writeHead(isLate ? 410 : 200, { 'content-type': 'application/json' }).end(
        JSON.stringify(
          isLate
            ? { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' }
            : {
                kind: 'ClusterList',
                apiVersion: 'example.dev/v1',
                metadata: query.has('limit') ? { resourceVersion: '5', continue: 'next' } : { resourceVersion: '9' },
                items: query.has('limit') ? [demo('a')] : [demo('a'), demo('b')],
              },
        ),
      )
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const other = new KubeClient({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
    try {
      const list = await other.list(DEMOS)
      expect(list.resourceVersion).toBe('9')
      expect(list.items).toHaveLength(2)
    } finally {
      server.close()
      server.closeAllConnections()
    }
  })

  test('when a name would leave its folder in the path, it is refused before anything is sent', async () => {
    expect(await failureOf(client.get(DEMOS, at('..')))).toMatchObject({ message: expect.stringContaining('dots') })
    expect(await failureOf(client.get(DEMOS, at('')))).toMatchObject({ message: expect.stringContaining('empty') })
    expect(await failureOf(client.get(DEMOS, { name: 'web' }))).toMatchObject({
      message: expect.stringContaining('needs a namespace'),
    })
    await client.get(DEMOS, at('a/../b')).catch(() => {})
    expect(home.requests.map(({ path }) => path)).toEqual([
      '/apis/example.dev/v1/namespaces/account-1/demos/a%2F..%2Fb',
    ])
  })
})

describe('errors', () => {
  test('when the server refuses, the error says what, why and for which request', async () => {
    await client.create(DEMOS, demo('web'))
    const taken = await failureOf(client.create(DEMOS, demo('web')))
    expect(taken).toSatisfy(isAlreadyExists)
    expect(taken).toSatisfy(isConflict)
    expect(taken).toMatchObject({
      status: 409,
      message: expect.stringContaining('"web" already exists'),
      request: 'POST /apis/example.dev/v1/namespaces/account-1/demos',
    })

    const old = await client.get<Demo>(DEMOS, at('web'))
    await client.replace(DEMOS, { ...old, spec: { version: '1.36' } })
    const outdated = await failureOf(client.replace(DEMOS, old))
    expect(outdated).toSatisfy(isConflict)
    expect(outdated).not.toSatisfy(isAlreadyExists)

    const uid = 'another'
    expect(await failureOf(client.delete(DEMOS, { ...at('web'), preconditions: { uid } }))).toSatisfy(isConflict)
    const patch = [{ op: 'test', path: '/spec/version', value: '1.1' }] as const
    expect(await failureOf(client.jsonPatch(DEMOS, { ...at('web'), patch }))).toSatisfy(isInvalid)
  })

  test.each([
    [403, 'Forbidden', isForbidden],
    [410, 'Expired', isExpired],
    [429, 'TooManyRequests', isUnavailable],
    [503, 'ServiceUnavailable', isUnavailable],
  ])('when the server answers %i %s, its helper knows it', async (status, reason, helper) => {
    home.refuseWrites({ status, reason, message: 'no', retryAfterSeconds: 2 })
    const error = await failureOf(client.create(DEMOS, demo('web')))
    expect(error).toSatisfy(helper)
    expect(error).toMatchObject({ status, reason, message: 'no', retryAfterMs: 2000 })
  })

  test.each([
    ['etcdserver: mvcc: database space exceeded', true],
    ['etcdserver: request timed out', true],
    ['rpc error: code = Unavailable desc = connection refused', true],
    ['context deadline exceeded', true],
    ['something else is wrong', false],
  ])('when the server answers 500 "%s", it counts as unavailable: %s', (message, isStorage) => {
    const error = new KubeError({ status: 500, reason: '', message, request: 'POST /x' })
    expect(isUnavailable(error)).toBe(isStorage)
  })

  test('when nothing listens, it is a connection error that names the server', async () => {
    const port = await freePort()
    const lost = new KubeClient({ server: `http://127.0.0.1:${port}` })
    const error = await failureOf(lost.get(NAMESPACES, { name: 'default' }))
    expect(error).toBeInstanceOf(KubeConnectionError)
    expect(error).toSatisfy(isUnavailable)
    expect(error).toMatchObject({ code: 'ECONNREFUSED', message: expect.stringContaining(`127.0.0.1:${port}`) })
  })

  test('when the server does not answer in time, it is a connection error', async () => {
    home.freeze(true)
    const error = await failureOf(client.get(NAMESPACES, { name: 'default', timeoutMs: 50 }))
    expect(error).toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining('within 50 ms') })
    expect(error).toSatisfy(isUnavailable)
  })

  test('when the caller gives up, it throws the reason of the signal', async () => {
    home.freeze(true)
    const abort = new AbortController()
    const failure = failureOf(client.get(NAMESPACES, { name: 'default', signal: abort.signal }))
    await waitFor(() => home.requests.length > 0, { what: 'the request' })
    abort.abort(new Error('changed my mind'))
    expect(await failure).toMatchObject({ message: 'changed my mind' })
  })
})

describe('connections', () => {
  /** Closes each connection when its second request comes, unanswered. */
  async function serveOncePerConnection() {
    const methods: string[] = []
    const used = new WeakSet<object>()
    const server = createServer((request, response) => {
      methods.push(request.method ?? '')
      if (used.has(request.socket)) {
        request.socket.destroy()
        return
      }
      used.add(request.socket)
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const close = () => {
      server.closeAllConnections()
      server.close()
    }
    return { methods, close, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
  }

  test('when an idle connection turns out to be closed, a read is sent once more and a write never', async () => {
    const server = await serveOncePerConnection()
    const other = new KubeClient({ server: server.url })
    try {
      await other.request('/readyz')
      await other.request('/readyz')
      expect(server.methods).toEqual(['GET', 'GET', 'GET'])

      const error = await failureOf(other.request('/readyz', { method: 'POST', body: {} }))
      expect(error).toBeInstanceOf(KubeConnectionError)
      expect(server.methods).toEqual(['GET', 'GET', 'GET', 'POST'])
    } finally {
      server.close()
    }
  })

  test('when somebody is impersonated, each group and value is a header of its own', async () => {
    await client.create(DEMOS, demo('web'), {
      impersonate: {
        user: 'arn:aws:iam::1:user/ann',
        groups: ['evenkeel:account-1', 'system:authenticated'],
        extra: { 'Evenkeel.dev/Key': ['AKIA1', 'x'] },
      },
    })
    const raw = home.requests.at(-1)?.rawHeaders ?? []
    const impersonation = raw.flatMap((name, index) =>
      index % 2 === 0 && name.toLowerCase().startsWith('impersonate-') ? [[name.toLowerCase(), raw[index + 1]]] : [],
    )
    expect(impersonation).toEqual([
      ['impersonate-user', 'arn:aws:iam::1:user/ann'],
      ['impersonate-group', 'evenkeel:account-1'],
      ['impersonate-group', 'system:authenticated'],
      ['impersonate-extra-evenkeel.dev%2fkey', 'AKIA1'],
      ['impersonate-extra-evenkeel.dev%2fkey', 'x'],
    ])
  })

  test('when a connection impersonates somebody, so does every request that names nobody else', async () => {
    const impersonate = { user: 'keeper', groups: ['keepers'] }
    const other = new KubeClient({ ...home.connection, impersonate })
    const actedAs = () => {
      const { rawHeaders: raw = [] } = home.requests.at(-1) ?? {}
      return raw.filter((_, index) => index % 2 === 1 && raw[index - 1]?.toLowerCase().startsWith('impersonate-'))
    }
    try {
      await other.list(DEMOS)
      expect(actedAs()).toEqual(['keeper', 'keepers'])
      await other.list(DEMOS, { impersonate: { user: 'ann' } })
      expect(actedAs()).toEqual(['ann'])
    } finally {
      other.close()
    }
  })

  test('when the user to impersonate has no name, nothing is sent, as it would be done in our own name', async () => {
    const error = await failureOf(client.create(DEMOS, demo('web'), { impersonate: { user: '' } }))
    expect(error).toMatchObject({ message: expect.stringContaining('cannot impersonate') })
    expect(home.requests).toEqual([])
  })

  test('when the kubeconfig changes, the next requests use the new one, and a broken one changes nothing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'))
    const path = join(folder, 'service.kubeconfig')
    const write = (token: string) =>
      writeFileAtomic(
        path,
        JSON.stringify({
          'current-context': 'home',
          contexts: [{ name: 'home', context: { cluster: 'home', user: 'me' } }],
          clusters: [{ name: 'home', cluster: { server: home.connection.server } }],
          users: [{ name: 'me', user: { tokenFile: 'token' } }],
        }),
      ).then(() => writeFileAtomic(join(folder, 'token'), `${token}\n`))
    const tokenOf = async () => {
      await other.request('/readyz')
      const raw = home.requests.at(-1)?.rawHeaders ?? []
      return raw[raw.findIndex((name) => name.toLowerCase() === 'authorization') + 1]
    }
    const errors: unknown[] = []
    const other = new KubeClient({ kubeconfig: path }, { onReloadError: (error) => errors.push(error) })
    try {
      await write('one')
      expect(await tokenOf()).toBe('Bearer one')
      await writeFileAtomic(join(folder, 'token'), 'two')
      await waitFor(async () => (await tokenOf()) === 'Bearer two', { what: 'the new token' })
      await writeFileAtomic(path, 'current-context: nowhere\n')
      await waitFor(async () => (await tokenOf()) === 'Bearer two' && errors.length > 0, { what: 'the reload' })
      expect(errors[0]).toMatchObject({ message: expect.stringContaining('no entry "nowhere" in contexts') })
    } finally {
      other.close()
      await rm(folder, { recursive: true })
    }
  })
})

describe('watch', () => {
  test('when objects change, it tells each change once, in order, and bookmarks', async () => {
    await using quick = await FakeHome.start({ bookmarkMs: 20 })
    const other = quick.client()
    const { resourceVersion } = await other.list(DEMOS)
    await other.create(DEMOS, demo('web'))
    await other.mergePatch(DEMOS, { ...at('web'), patch: { spec: { version: '1.38' } } })
    await other.delete(DEMOS, at('web'))
    await other.create(SECRETS, { apiVersion: 'v1', kind: 'Secret', metadata: at('other') })
    const seen: string[] = []
    for await (const event of other.watch<Demo>(DEMOS, { resourceVersion, namespace: 'account-1' })) {
      seen.push(event.type)
      if (event.type === 'BOOKMARK') {
        expect(Number(event.resourceVersion)).toBe(Number(resourceVersion) + 4)
        break
      }
    }
    expect(seen).toEqual(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'])
    await waitFor(() => quick.openWatches === 0, { what: 'the watch to be closed' })
  })

  test('when it starts from a version that is no longer known, it throws 410', async () => {
    home.expireHistory()
    const events = client.watch(DEMOS, { resourceVersion: '1' })
    expect(await failureOf(events.next())).toSatisfy(isExpired)
  })

  test('when its version becomes too old while it runs, it throws 410', async () => {
    const failure = failureOf(client.watch(DEMOS, { resourceVersion: '100' }).next())
    await waitFor(() => home.openWatches === 1, { what: 'the watch' })
    home.expireHistory()
    expect(await failure).toSatisfy(isExpired)
  })

  test('when its signal is aborted, it throws the reason and closes the connection', async () => {
    const abort = new AbortController()
    const failure = failureOf(client.watch(DEMOS, { resourceVersion: '100', signal: abort.signal }).next())
    await waitFor(() => home.openWatches === 1, { what: 'the watch' })
    abort.abort(new Error('enough'))
    expect(await failure).toMatchObject({ message: 'enough' })
    await waitFor(() => home.openWatches === 0, { what: 'the watch to be closed' })
  })

  test('when the connection is cut or silent, it throws a connection error', async () => {
    const cut = failureOf(client.watch(DEMOS, { resourceVersion: '100' }).next())
    await waitFor(() => home.openWatches === 1, { what: 'the watch' })
    home.dropWatches()
    expect(await cut).toBeInstanceOf(KubeConnectionError)

    const silent = client.watch(DEMOS, { resourceVersion: '100', idleTimeoutMs: 50 })
    expect(await failureOf(silent.next())).toMatchObject({ code: 'TIMEOUT' })
  })

  test('when an event is larger than one piece of the stream, it is put together', async () => {
    const tags = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`tag-${index}`, 'grüße '.repeat(10)]))
    await client.create(DEMOS, demo('web', { version: '1.37', tags }))
    for await (const event of client.watch<Demo>(DEMOS, { resourceVersion: '100' })) {
      expect(event.type === 'ADDED' && event.object.spec.tags).toEqual(tags)
      break
    }
  })
})

test('when access is asked for, the answer and its reason are told', async () => {
  await using strict = await FakeHome.start({ authorize: ({ user }) => user === 'ann' })
  const other = strict.client()
  const resourceAttributes = { verb: 'get', group: 'example.dev', resource: 'demos', namespace: 'account-1' }
  expect(await subjectAccessReview(other, { user: 'ann', groups: [], resourceAttributes })).toEqual({
    allowed: true,
    reason: '',
  })
  expect(await subjectAccessReview(other, { user: 'bob', resourceAttributes })).toEqual({
    allowed: false,
    reason: 'the test says no',
  })
})
