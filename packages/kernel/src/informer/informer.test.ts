import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KubeObject } from '@evenkeel/contract/kinds'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { KubeClient, type ResourceRef } from '../kube-client/index.ts'
import { createLogger } from '../log.ts'
import { FakeHome, waitFor } from '../testing/index.ts'
import { Informer, type InformerOptions } from './informer.ts'

const DEMOS: ResourceRef = { group: 'example.dev', version: 'v1', plural: 'demos', namespaced: true }

interface Demo extends KubeObject {
  spec: { version: string }
}

let home: FakeHome
let client: KubeClient
let stop: AbortController
let running: Promise<void>[]

beforeEach(async () => {
  home = await FakeHome.start({ bookmarkMs: 25 })
  client = home.client()
  stop = new AbortController()
  running = []
})

afterEach(async () => {
  stop.abort()
  await Promise.all(running)
  client.close()
  await home[Symbol.asyncDispose]()
})

function start(options: Partial<InformerOptions> = {}): { informer: Informer<Demo>; changes: string[] } {
  const informer = new Informer<Demo>({
    client,
    resource: DEMOS,
    firstBackoffMs: 5,
    longestBackoffMs: 20,
    ...options,
  })
  const changes: string[] = []
  informer.subscribe((change) => {
    const { metadata, spec } = change.type === 'deleted' ? change.old : change.new
    changes.push(`${change.type} ${metadata.namespace}/${metadata.name} ${spec.version}`)
  })
  running.push(informer.run(stop.signal))
  return { informer, changes }
}

async function make(name: string, namespace = 'account-1', version = '1.37'): Promise<Demo> {
  const metadata = { name, namespace, labels: { team: name.slice(0, 1) } }
  const object: Demo = { apiVersion: 'example.dev/v1', kind: 'Demo', metadata, spec: { version } }
  return await client.create(DEMOS, object)
}

async function change(name: string, version: string): Promise<void> {
  await client.mergePatch(DEMOS, { namespace: 'account-1', name, patch: { spec: { version } } })
}

describe('what it knows', () => {
  test('when objects exist, it knows them after the sync, and follows every change', async () => {
    await make('web')
    const { informer, changes } = start()
    expect(informer.synced).toBe('none')
    expect(informer.isStale()).toBe(true)
    await informer.waitForSync(stop.signal)
    expect(informer.synced).toBe('live')
    expect(informer.get('account-1', 'web')?.spec.version).toBe('1.37')

    await make('api', 'account-2')
    await change('web', '1.38')
    await client.delete(DEMOS, { namespace: 'account-2', name: 'api' })
    await waitFor(() => changes.length === 4, { what: 'four changes' })
    expect(changes).toEqual([
      'added account-1/web 1.37',
      'added account-2/api 1.37',
      'updated account-1/web 1.38',
      'deleted account-2/api 1.37',
    ])
    expect(informer.isStale()).toBe(false)
    expect(informer.staleSince()).toBeUndefined()
  })

  test('when asked by namespace or by an index, it finds those objects alone, also after they change', async () => {
    await make('web')
    await make('api')
    await make('web', 'account-2', '1.36')
    const { informer } = start()
    informer.index('version', (object) => object.spec.version)
    await informer.waitForSync(stop.signal)
    const names = (objects: readonly Demo[]) => objects.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
    expect(names(informer.list('account-1'))).toEqual(['account-1/api', 'account-1/web'])
    expect(informer.list()).toHaveLength(3)
    expect(names(informer.byIndex('version', '1.36'))).toEqual(['account-2/web'])

    await change('api', '1.36')
    await waitFor(() => informer.byIndex('version', '1.36').length === 2, { what: 'the index to follow' })
    expect(names(informer.byIndex('version', '1.37'))).toEqual(['account-1/web'])
    expect(() => informer.byIndex('colour', 'red')).toThrow('there is no index "colour"')
  })

  test('when it selects by label, an object that no longer matches is deleted for it', async () => {
    await make('web')
    const { informer, changes } = start({ labelSelector: 'team=w' })
    await informer.waitForSync(stop.signal)
    const patch = { metadata: { labels: { team: 'z' } } }
    await client.mergePatch(DEMOS, { namespace: 'account-1', name: 'web', patch })
    await waitFor(() => changes.length === 2, { what: 'the deletion' })
    expect(changes[1]).toBe('deleted account-1/web 1.37')
  })

  test('when somebody tries to change an object in place, it throws', async () => {
    await make('web')
    const { informer } = start()
    await informer.waitForSync(stop.signal)
    const known = informer.get('account-1', 'web')
    expect(() => {
      if (known !== undefined) {
        known.spec.version = '9.9'
      }
    }).toThrow(TypeError)
  })

  test('when a listener throws, the others are told all the same', async () => {
    const { informer, changes } = start()
    informer.subscribe(() => {
      throw new Error('a bug')
    })
    const late: string[] = []
    const end = informer.subscribe(({ type }) => late.push(type))
    await informer.waitForSync(stop.signal)
    await make('web')
    await waitFor(() => changes.length === 1 && late.length === 1, { what: 'both listeners' })
    end()
    await make('api')
    await waitFor(() => changes.length === 2, { what: 'the first listener' })
    expect(late).toHaveLength(1)
  })
})

describe('when something fails', () => {
  test('when the kubeconfig is not there yet, it waits with one line and no stack, and begins when it comes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'evenkeel-informer-'))
    const kubeconfig = join(folder, 'home.kubeconfig')
    const late = new KubeClient({ kubeconfig })
    try {
      const lines: string[] = []
      const log = createLogger('test', { level: 'debug', write: (line) => lines.push(line) })
      const { informer } = start({ client: late, log })
      await waitFor(() => lines.length > 1, { what: 'two attempts' })
      expect(lines.filter((line) => line.includes('"level":"info"'))).toHaveLength(1)
      expect(lines[0]).toContain(`the kubeconfig ${kubeconfig} is not there`)
      expect(lines[0]).not.toContain('stack')
      const config = {
        'current-context': 'home',
        contexts: [{ name: 'home', context: { cluster: 'home', user: 'me' } }],
        clusters: [{ name: 'home', cluster: { server: home.connection.server } }],
        users: [{ name: 'me', user: {} }],
      }
      await writeFile(kubeconfig, JSON.stringify(config))
      await informer.waitForSync(stop.signal)
    } finally {
      late.close()
      await rm(folder, { recursive: true })
    }
  })

  test('when watches are cut, it resumes from where it was, without a new list', async () => {
    const { informer, changes } = start()
    await informer.waitForSync(stop.signal)
    await waitFor(() => home.openWatches === 1, { what: 'the watch' })
    home.dropWatches()
    await make('web')
    await waitFor(() => changes.length === 1, { what: 'the change' })
    expect(home.requests.filter(({ path }) => path.includes('limit='))).toHaveLength(1)
  })

  test('when its version has expired, it lists anew and tells what changed meanwhile', async () => {
    await make('web')
    await make('api')
    const { informer, changes } = start()
    await informer.waitForSync(stop.signal)
    await waitFor(() => home.openWatches === 1, { what: 'the watch' })
    home.muteWatches(true)
    await client.delete(DEMOS, { namespace: 'account-1', name: 'web' })
    await change('api', '1.38')
    await make('job')
    home.muteWatches(false)
    home.expireHistory()
    await waitFor(() => changes.length === 5, { what: 'the changes' })
    expect(changes.slice(2).toSorted()).toEqual([
      'added account-1/job 1.37',
      'deleted account-1/web 1.37',
      'updated account-1/api 1.38',
    ])
  })

  test('when an object was deleted and made again unseen, it tells of two objects', async () => {
    await make('web')
    const { informer, changes } = start()
    await informer.waitForSync(stop.signal)
    await waitFor(() => home.openWatches === 1, { what: 'the watch' })
    home.muteWatches(true)
    await client.delete(DEMOS, { namespace: 'account-1', name: 'web' })
    await make('web')
    home.muteWatches(false)
    home.expireHistory()
    await waitFor(() => changes.length === 3, { what: 'the changes' })
    expect(changes.slice(1)).toEqual(['deleted account-1/web 1.37', 'added account-1/web 1.37'])
  })

  test('when a watch goes silent, it is started anew', async () => {
    const { informer, changes } = start({ idleTimeoutMs: 100 })
    await informer.waitForSync(stop.signal)
    await waitFor(() => home.openWatches === 1, { what: 'the watch' })
    home.muteWatches(true)
    await make('web')
    await waitFor(() => informer.isStale(), { what: 'the watchdog' })
    home.muteWatches(false)
    // Not that it is fresh again: on a busy machine 100 ms may pass between any two events.
    await waitFor(() => changes.length === 1, { what: 'the change, by a new watch' })
  })

  test('when the server goes away, it still answers, says since when it is stale, and catches up later', async () => {
    await make('web')
    const { informer, changes } = start()
    await informer.waitForSync(stop.signal)
    await waitFor(() => !informer.isStale(), { what: 'the watch' })
    const beforeMs = Date.now()
    await home.goAway()
    await waitFor(() => informer.isStale(), { what: 'the loss to be seen' })
    expect(informer.staleSince()).toBeLessThanOrEqual(Date.now())
    expect(informer.staleSince()).toBeGreaterThan(beforeMs - 5000)
    expect(informer.get('account-1', 'web')).toBeDefined()
    expect(informer.synced).toBe('live')

    await home.comeBack()
    await make('api')
    await waitFor(() => changes.length === 2 && !informer.isStale(), { what: 'the change' })
    expect(changes[1]).toBe('added account-1/api 1.37')
  })

  test('when every watch ends at once, the server is not stormed', async () => {
    const { informer } = start({ watchTimeoutSeconds: 0, longestBackoffMs: 1000 })
    await informer.waitForSync(stop.signal)
    const startedMs = performance.now()
    await waitFor(() => home.requests.filter(({ path }) => path.includes('watch=')).length >= 6, {
      what: 'six watches',
    })
    // 5 + 10 + 20 + 40 + 80 ms, each at least half.
    expect(performance.now() - startedMs).toBeGreaterThan(70)
  })

  test('when it is stopped before it has synced, the wait for it ends with the reason', async () => {
    await home.goAway()
    const { informer } = start()
    const waiting = informer.waitForSync(stop.signal)
    stop.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
  })
})

describe('the mirror on disk', () => {
  let folder: string
  let mirrorFile: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mirror-'))
    mirrorFile = join(folder, 'mirror', 'demos.json')
  })

  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  test('when the server is dead at the start, it answers from the mirror and follows the server later', async () => {
    await make('web')
    await make('api')
    const first = start({ mirrorFile, mirrorDelayMs: 10 })
    await first.informer.waitForSync(stop.signal)
    stop.abort()
    await Promise.all(running)
    expect((await stat(mirrorFile)).mode & 0o777).toBe(0o600)
    expect((await stat(join(folder, 'mirror'))).mode & 0o777).toBe(0o700)

    stop = new AbortController()
    await client.delete(DEMOS, { namespace: 'account-1', name: 'api' })
    await home.goAway()
    const second = start({ mirrorFile })
    await second.informer.waitForSync(stop.signal, { atLeast: 'mirror' })
    expect(second.informer.synced).toBe('mirror')
    expect(second.informer.isStale()).toBe(true)
    expect(second.informer.list('account-1')).toHaveLength(2)
    expect(second.changes).toEqual(['added account-1/api 1.37', 'added account-1/web 1.37'])

    await home.comeBack()
    await second.informer.waitForSync(stop.signal)
    expect(second.changes.slice(2)).toEqual(['deleted account-1/api 1.37'])
  })

  test('when many changes come at once, they are written together', async () => {
    const { informer } = start({ mirrorFile, mirrorDelayMs: 200 })
    await informer.waitForSync(stop.signal)
    await Promise.all(Array.from({ length: 20 }, (_, index) => make(`web-${index}`)))
    const written = await waitFor(
      async () => {
        const copy = JSON.parse(await readFile(mirrorFile, 'utf8')) as { items: Demo[] }
        return copy.items.length === 20 && copy
      },
      { what: 'the mirror to have all' },
    )
    expect(written).toMatchObject({ contents: 'example.dev/v1/demos///' })
  })

  test.each([
    ['no JSON', '{"contents":'],
    ['something else', '{"contents":"x","savedAt":"2026-01-01T00:00:00Z","items":[]}'],
  ])('when the mirror holds %s, it is ignored and written anew', async (_what, content) => {
    mirrorFile = join(folder, 'demos.json')
    await writeFile(mirrorFile, content)
    await make('web')
    const { informer } = start({ mirrorFile, mirrorDelayMs: 10 })
    await informer.waitForSync(stop.signal)
    await waitFor(async () => (await readFile(mirrorFile, 'utf8')).includes('"web"'), { what: 'a new mirror' })
  })

  test('when the mirror cannot be written, it works without', async () => {
    await writeFile(join(folder, 'mirror'), 'a file where the folder should be')
    const { informer, changes } = start({ mirrorFile, mirrorDelayMs: 1 })
    await informer.waitForSync(stop.signal)
    await make('web')
    await waitFor(() => changes.length === 1, { what: 'the change' })
  })
})
