import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { waitFor } from '@evenkeel/kernel/testing'
import { expect, test } from 'vitest'
import { currentPlatform } from '../programs.ts'
import { defaultRelease, independentVersions } from '../releases/index.ts'
import { isInstalled, lockStore, programPath, storeRoot } from '../store/index.ts'
import { installFakeCrane, putProgram } from '../testing/fake-crane.ts'
import { surroundingsWith } from '../testing/run.ts'
import { fakeProgram, temporaryFolder } from '../testing/upstream.ts'
import { ensureImages, type ImageProgressEvent, missingImages } from './ensure-images.ts'
import { type ImageRequest, imagePath, imageReference, nodeImageRequest } from './image.ts'

const PAUSE = { name: 'pause', version: independentVersions().pause } as const
const REQUEST: ImageRequest = { pause: [PAUSE.version] }

/** A store with programs, and a world where nothing else can be had. */
function openStore() {
  const folder = temporaryFolder()
  const store = join(folder.path, 'store')
  const crane = installFakeCrane(store)
  for (const [name, versions] of Object.entries(nodeImageRequest(defaultRelease()))) {
    for (const version of versions) putProgram(programPath({ name, version }, store), fakeProgram(version))
  }
  const events: ImageProgressEvent[] = []
  const options = {
    store,
    surroundings: surroundingsWith('', { environment: { EVENKEEL_MIRROR: '/nowhere' } }),
    onImageProgress: (event: ImageProgressEvent) => void events.push(event),
  }
  return { store, crane, options, events, [Symbol.dispose]: () => folder[Symbol.dispose]() }
}

function namesIn(archive: string): readonly string[] {
  return execFileSync('tar', ['-tf', archive], { encoding: 'utf8' }).trim().split('\n')
}

function read(archive: string, name: string): Buffer {
  return execFileSync('tar', ['-xOf', archive, name])
}

test('when images are asked for, each is made of its program once, under a name that no registry has', async () => {
  using world = openStore()
  const request = nodeImageRequest(defaultRelease())
  expect(await missingImages(request, world.store)).toHaveLength(3)
  const installed = await ensureImages(request, world.options)
  expect(installed.map(({ reference, source }) => [reference, source])).toEqual([
    [`evenkeel.internal/pause:${PAUSE.version}`, 'made'],
    [`evenkeel.internal/coredns:${defaultRelease().addOns.coredns}`, 'made'],
    [`evenkeel.internal/metrics-server:${defaultRelease().addOns['metrics-server']}`, 'made'],
  ])
  expect(world.events.map(({ name, phase }) => `${name}: ${phase}`).slice(0, 2)).toEqual([
    'pause: making',
    'pause: installed',
  ])
  const calls = world.crane.calls()
  expect(calls.filter((call) => call.startsWith('mutate')).join('\n')).toMatch(
    /--entrypoint \/pause --user 65535:65535\n.*--entrypoint \/coredns\n.*--entrypoint \/metrics-server --user/,
  )
  expect(await missingImages(request, world.store)).toEqual([])
  const again = await ensureImages(request, world.options)
  expect(again.map(({ source }) => source)).toEqual(['store', 'store', 'store'])
  expect(world.crane.calls()).toEqual(calls)
  expect(readdirSync(join(world.store, '.staging'))).toEqual(['partial'])
})

test('when an image is made, crane is told what came before by digest, since anybody may push to its registry', async () => {
  using world = openStore()
  await ensureImages(REQUEST, world.options)
  const [serve, append, mutate, pull] = world.crane.calls()
  expect(serve).toBe('registry serve --address 127.0.0.1:0')
  expect(append).toContain(`-t 127.0.0.1:1/pause:${PAUSE.version}`)
  expect(mutate).toMatch(/^mutate --insecure 127\.0\.0\.1:1\/image@sha256:[0-9a-f]{64} /)
  expect(pull).toMatch(/^pull --insecure --format=oci 127\.0\.0\.1:1\/image@sha256:[0-9a-f]{64} /)
})

test('when an image is made, its archive is an OCI layout, and its layer holds the program and nothing of this machine', async () => {
  using world = openStore()
  const [image] = await ensureImages(REQUEST, world.options)
  const path = image?.path ?? ''
  const [layout, index, blob] = namesIn(path)
  expect([layout, index]).toEqual(['oci-layout', 'index.json'])
  expect(JSON.parse(read(path, 'index.json').toString())).toMatchObject({
    manifests: [
      {
        platform: { os: 'linux', architecture: currentPlatform().slice('linux-'.length) },
        annotations: { 'io.containerd.image.name': imageReference(PAUSE) },
      },
    ],
  })
  const layer = execFileSync('tar', ['--numeric-owner', '--utc', '-tvf', '-'], { input: read(path, blob ?? '') })
  const lines = layer.toString().trim().split('\n')
  expect(lines.map((line) => line.replaceAll(/\s+/g, ' '))).toEqual([
    `-rwxr-xr-x 0/0 ${fakeProgram(PAUSE.version).length} 1970-01-01 00:00 pause`,
    'drwxrwxrwt 0/0 0 1970-01-01 00:00 tmp/',
  ])
})

test.each([
  ['crane: no such thing', 'image-failed', /crane append failed: crane: no such thing/],
  ['write layer: no space left on device', 'disk-full', /EVENKEEL_STORE/],
])('when crane says "%s", it is %s, and no image and no registry is left', async (complaint, fault, message) => {
  using world = openStore()
  world.crane.fail(complaint)
  await expect(ensureImages(REQUEST, world.options)).rejects.toMatchObject({
    fault,
    message: expect.stringMatching(message),
  })
  expect(existsSync(join(world.store, 'images'))).toBe(false)
  expect(readdirSync(join(world.store, '.staging'))).toEqual(['partial'])
  expect(sleepersOf(process.pid)).toEqual([])
})

/** Fake registries that are children of a process. */
function sleepersOf(pid: number): readonly string[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
  return children.filter((child) => readlinkSync(`/proc/${child}/exe`).endsWith('/sleep'))
}

test('when a program of an image can be had from nowhere, it says so, and crane is not called', async () => {
  using world = openStore()
  const error = ensureImages({ coredns: ['v1.0.0'] }, world.options)
  await expect(error).rejects.toMatchObject({ fault: 'no-source', message: expect.stringMatching(/coredns v1\.0\.0/) })
  expect(existsSync(join(world.store, 'images'))).toBe(false)
})

test('when another process makes it while we wait, it is taken from the store', async () => {
  using world = openStore()
  const lock = await lockStore(world.store, 'etcd v3.7.3')
  const runs = [ensureImages(REQUEST, world.options), ensureImages(REQUEST, world.options)]
  await waitFor(() => world.events.filter(({ phase }) => phase === 'waiting').length >= 2, { what: 'both to wait' })
  await lock.release()
  const sources = (await Promise.all(runs)).map(([image]) => image?.source)
  expect(sources.sort()).toEqual(['made', 'store'])
})

test.each([
  [{ nginx: ['v1.0.0'] }, /there is no image "nginx": known are pause, coredns, metrics-server/],
  [{ pause: ['3.10'] }, /no version such as/],
])('when the request is %o, it is refused', async (request, reason) => {
  await expect(ensureImages(request as ImageRequest)).rejects.toThrow(reason)
})

const CRANE = { name: 'crane', version: independentVersions().crane }
const hasCrane = await isInstalled(CRANE, storeRoot())

test.skipIf(!hasCrane)(
  'when crane itself is at work (skipped where the store has none), two makings of an image are the same bytes',
  async () => {
    const archives: Buffer[] = []
    for (let round = 0; round < 2; round += 1) {
      using world = openStore()
      const crane = programPath(CRANE, world.store)
      mkdirSync(dirname(crane), { recursive: true })
      copyFileSync(programPath(CRANE, storeRoot()), crane)
      const [image] = await ensureImages(REQUEST, world.options)
      archives.push(readFileSync(image?.path ?? ''))
      if (round > 0) continue
      const names = namesIn(image?.path ?? '').filter((name) => name.startsWith('blobs/'))
      const blobs = names.map((name) => read(image?.path ?? '', name))
      const config = blobs.map((blob) => blob.toString()).find((text) => text.includes('rootfs'))
      expect(JSON.parse(config ?? '{}')).toMatchObject({
        os: 'linux',
        architecture: currentPlatform().slice('linux-'.length),
        config: { Entrypoint: ['/pause'], User: '65535:65535' },
      })
    }
    expect(archives[0]?.equals(archives[1] ?? Buffer.alloc(0))).toBe(true)
  },
)

const hasPause = await isInstalled(PAUSE, storeRoot())

test.skipIf(!hasPause)(
  'when pause itself runs (skipped where the store has none), it lays to rest what others left, and ends when it is told to',
  async () => {
    const path = programPath(PAUSE, storeRoot())
    expect(statSync(path).size).toBeLessThan(3 * 2 ** 20)
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      // It takes over a child that has ended, or will.
      const child = spawn('sh', ['-c', 'true & exec "$0"', path], { stdio: 'ignore' })
      await waitFor(() => isPauseWithoutChildren(child.pid), { what: 'pause to reap' })
      child.kill(signal)
      expect(await once(child, 'exit')).toEqual([0, null])
    }
  },
)

function isPauseWithoutChildren(pid: number | undefined): boolean {
  const read = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8')
  return read('comm') === 'pause\n' && read(`task/${pid}/children`) === ''
}

test('when an image is named, its path follows from name and version alone', () => {
  expect(imagePath(PAUSE, '/s')).toBe(`/s/images/pause/${PAUSE.version}/${currentPlatform()}.tar`)
  expect(() => imagePath({ name: 'pause', version: '../1' }, '/s')).toThrow(/no version/)
})
