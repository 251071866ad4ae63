import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { type InstalledImage, imageReference } from '../images/index.ts'
import { independentVersions } from '../releases/index.ts'
import { dockerArchive, FakeLayout, json, OWN_ARCHITECTURE, ociArchive, streamOf, tarOf } from '../testing/archives.ts'
import { mountSmallDisk } from '../testing/small-disk.ts'
import { temporaryFolder } from '../testing/upstream.ts'
import { listImages, loadImage, placeImages, removeImage } from './image-store.ts'

const WEB = 'docker.io/library/web:1'
const OTHER = OWN_ARCHITECTURE === 'amd64' ? 'arm64' : 'amd64'

function openStore() {
  const folder = temporaryFolder()
  const store = join(folder.path, 'images')
  return {
    store,
    load: (archive: Buffer, options = {}) => loadImage(store, streamOf(archive), { title: 'web.tar', ...options }),
    files: () => (existsSync(store) ? readdirSync(store).sort() : []),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  }
}

test('when an archive is loaded, it is kept as it is under its digest, listed by its names, and can be removed', async () => {
  using world = openStore()
  const archive = await ociArchive([WEB, 'example.com/web:1'])
  const { image, isNew } = await world.load(archive)
  expect(isNew).toBe(true)
  expect(image).toMatchObject({ references: [WEB, 'example.com/web:1'], bytes: archive.length, isOwn: false })
  expect(world.files()).toEqual([`${image.id}.json`, `${image.id}.tar`])
  expect(readFileSync(join(world.store, `${image.id}.tar`)).equals(archive)).toBe(true)
  expect(statSync(join(world.store, `${image.id}.tar`)).mode & 0o777).toBe(0o644)
  expect(await listImages(world.store)).toEqual([image])
  expect((await world.load(archive)).isNew).toBe(false)
  expect((await removeImage(world.store, 'web:1')).id).toBe(image.id)
  expect(world.files()).toEqual([])
})

test.each([
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
])(
  'when an archive is compressed with %s, it is kept unpacked, since nodes read plain tars',
  async (_name, compress) => {
    using world = openStore()
    const archive = await dockerArchive(['web:1'])
    const { image } = await world.load(compress(archive))
    expect(image.references).toEqual([WEB])
    expect(readFileSync(join(world.store, `${image.id}.tar`)).equals(archive)).toBe(true)
  },
)

test('when an archive holds an image for several platforms, ours is enough', async () => {
  using world = openStore()
  const layout = new FakeLayout()
  const ours = { ...layout.image(), platform: { os: 'linux', architecture: OWN_ARCHITECTURE } }
  const other = { digest: `sha256:${'0'.repeat(64)}`, size: 1, platform: { os: 'linux', architecture: OTHER } }
  const annotations = { 'io.containerd.image.name': WEB, 'org.opencontainers.image.ref.name': '1' }
  const { image } = await world.load(await layout.tar([{ ...layout.index([other, ours]), annotations }]))
  expect(image.references).toEqual([WEB])
})

const named = (descriptor: object, name = WEB) => ({
  ...descriptor,
  annotations: { 'org.opencontainers.image.ref.name': name },
})

/** Archives that are refused: with the fault, and what the message says. */
const REFUSED: readonly [what: string, archive: () => Promise<Buffer>, fault: string, message: RegExp][] = [
  ['nothing', async () => Buffer.alloc(0), 'not-an-image', /web\.tar is empty\. .*docker save/],
  [
    'a text',
    async () => Buffer.from('FROM scratch\n'.repeat(100)),
    'not-an-image',
    /web\.tar is no tar\. .*docker save/,
  ],
  ['a tar of other files', () => tarOf({ 'a.txt': 'a' }), 'not-an-image', /neither oci-layout nor manifest\.json/],
  ['a tar in xz', async () => Buffer.from('fd377a585a000004', 'hex'), 'not-an-image', /compressed with xz: unpack it/],
  [
    'half a gzip',
    async () => gzipSync(await ociArchive([WEB])).subarray(0, 200),
    'damaged-image',
    /gzip .*make it anew/,
  ],
  [
    'half an archive',
    async () => (await ociArchive([WEB])).subarray(0, 1300),
    'damaged-image',
    /cut short.*make it anew/,
  ],
  [
    'a layout of another version',
    () => tarOf({ 'oci-layout': json({ imageLayoutVersion: '2.0.0' }), 'index.json': json({ manifests: [] }) }),
    'not-an-image',
    /version 2\.0\.0/,
  ],
  [
    'a layout without index',
    () => tarOf({ 'oci-layout': json({ imageLayoutVersion: '1.0.0' }) }),
    'damaged-image',
    /index\.json/,
  ],
  [
    'a blob that has changed',
    async () => {
      const layout = new FakeLayout()
      const image = layout.image()
      const [path = ''] = Object.keys(layout.files).filter((name) => layout.files[name] === 'layer')
      layout.files[path] = 'lAyer'
      return await layout.tar([named(image)])
    },
    'damaged-image',
    /is not what its name says/,
  ],
  [
    'no layer',
    async () => {
      const layout = new FakeLayout()
      const image = layout.image()
      for (const name of Object.keys(layout.files)) if (layout.files[name] === 'layer') delete layout.files[name]
      return await layout.tar([named(image)])
    },
    'damaged-image',
    /layer sha256:[0-9a-f]+ of docker\.io\/library\/web:1 is not in it/,
  ],
  [
    'a layer that has changed',
    () => dockerArchive(['web:1'], { layer: 'lAyer' }),
    'damaged-image',
    /abc\/layer\.tar is not what its configuration says/,
  ],
  ['a list that is none', () => tarOf({ 'manifest.json': '[7]' }), 'damaged-image', /make it anew/],
  [
    'manifests that are none',
    () => tarOf({ 'oci-layout': json({ imageLayoutVersion: '1.0.0' }), 'index.json': json({ manifests: [null] }) }),
    'damaged-image',
    /not as an archive should be/,
  ],
  ['no tag', () => dockerArchive(null), 'no-image-name', /"docker save NAME:TAG -o FILE", and not by its id/],
  [
    'a tag without a name',
    async () => {
      const layout = new FakeLayout()
      return await layout.tar([named(layout.image(), 'latest')])
    },
    'no-image-name',
    /no pod could ask for it/,
  ],
  ['a short name in a layout', () => ociArchive(['web:1']), 'no-image-name', /call it docker\.io\/library\/web:1/],
  ['a name that is none', () => dockerArchive(['Web:1']), 'no-image-name', /"Web:1", which is no name/],
  [
    'an image for other machines',
    () => dockerArchive(['web:1'], { architecture: OTHER }),
    'wrong-platform',
    new RegExp(`web:1 for linux/${OTHER}, and this is linux/${OWN_ARCHITECTURE}: build or pull it with --platform`),
  ],
  [
    'images for other machines alone',
    async () => {
      const layout = new FakeLayout()
      const image = { ...layout.image({ architecture: OTHER }), platform: { os: 'linux', architecture: OTHER } }
      const attestation = { ...layout.image(), platform: { os: 'unknown', architecture: 'unknown' } }
      return await layout.tar([named(layout.index([image, attestation]))])
    },
    'wrong-platform',
    new RegExp(`for linux/${OTHER}, and this is linux/${OWN_ARCHITECTURE}`),
  ],
  [
    'what is no image of programs',
    async () => {
      const layout = new FakeLayout()
      const chart = layout.blob(json({ config: layout.blob(json({ name: 'chart' })), layers: [] }))
      return await layout.tar([named(chart)])
    },
    'not-an-image',
    /no image of programs/,
  ],
  ['a name of our own', () => ociArchive(['evenkeel.internal/pause:v9.9.9']), 'name-taken', /give yours another/],
]

test.each(REFUSED)(
  'when an archive holds %s, it is refused, and nothing is left',
  async (_what, archive, fault, message) => {
    using world = openStore()
    await expect(world.load(await archive())).rejects.toMatchObject({ fault, message: expect.stringMatching(message) })
    expect(world.files()).toEqual([])
  },
)

test('when an image is loaded anew under its name, the older one goes', async () => {
  using world = openStore()
  const older = await world.load(await ociArchive([WEB], { layer: 'older' }))
  const newer = await world.load(await ociArchive([WEB, 'example.com/web:1'], { layer: 'newer' }))
  expect(newer.replaced).toEqual([older.image])
  expect(await listImages(world.store)).toEqual([newer.image])
  expect(world.files()).toHaveLength(2)
})

test('when only a part of an older archive would be replaced, it is refused: each name is in one archive', async () => {
  using world = openStore()
  await world.load(await ociArchive([WEB, 'example.com/web:1']))
  const files = world.files()
  await expect(world.load(await ociArchive([WEB], { layer: 'newer' }))).rejects.toMatchObject({
    fault: 'name-taken',
    message: expect.stringMatching(/with example\.com\/web:1: \.\/evenkeel image remove docker\.io\/library\/web:1/),
  })
  expect(world.files()).toEqual(files)
})

test('when there is less room than an archive needs, it says so, and nothing is left', async () => {
  using world = openStore()
  const load = world.load(await ociArchive([WEB]), { roomBytes: 1000 })
  await expect(load).rejects.toMatchObject({
    fault: 'disk-full',
    message: expect.stringMatching(/evenkeel image remove/),
  })
  expect(world.files()).toEqual([])
})

test('when the disk is full, it says so, and nothing is left', async () => {
  using folder = temporaryFolder()
  const store = join(folder.path, 'images')
  using _disk = mountSmallDisk(store, 1)
  const source = streamOf(await ociArchive([WEB], { layer: 'x'.repeat(3 * 2 ** 20) }))
  await expect(loadImage(store, source, { title: 'web.tar' })).rejects.toMatchObject({
    fault: 'disk-full',
    message: expect.stringMatching(/no room for web\.tar .*free some/),
  })
  expect(readdirSync(store)).toEqual([])
})

test('when a load was killed, the next one sweeps what it has left', async () => {
  using world = openStore()
  mkdirSync(world.store)
  for (const name of ['.load-abc', `${'a'.repeat(64)}.json`]) writeFileSync(join(world.store, name), '{}')
  const { image } = await world.load(await ociArchive([WEB]))
  expect(world.files()).toEqual([`${image.id}.json`, `${image.id}.tar`])
})

const PAUSE = { name: 'pause', version: independentVersions().pause } as const

function installedPause(folder: string): InstalledImage {
  const path = join(folder, 'pause.tar')
  writeFileSync(path, 'archive')
  return { ...PAUSE, reference: imageReference(PAUSE), path, source: 'store' }
}

test('when images of our own are placed, they are links, listed as such, and not to be removed', async () => {
  using world = openStore()
  using folder = temporaryFolder()
  const pause = installedPause(folder.path)
  for (let round = 0; round < 2; round += 1) await placeImages(world.store, [pause])
  const file = `pause-${PAUSE.version}.tar`
  expect(world.files()).toEqual([file])
  expect(statSync(join(world.store, file)).ino).toBe(statSync(pause.path).ino)
  expect(await listImages(world.store)).toMatchObject([{ references: [pause.reference], isOwn: true }])
  await expect(removeImage(world.store, pause.reference)).rejects.toMatchObject({ fault: 'name-taken' })
})

test('when the images of our own are on another disk, they are copied', async () => {
  using world = openStore()
  using folder = temporaryFolder()
  const other = join(folder.path, 'other')
  using _disk = mountSmallDisk(other, 1)
  await placeImages(world.store, [installedPause(other)])
  expect(world.files()).toEqual([`pause-${PAUSE.version}.tar`])
  expect(readFileSync(join(world.store, world.files()[0] ?? ''), 'utf8')).toBe('archive')
})

test.each(['nothing:1', 'ffff', ''])(
  'when "%s" is to be removed and is not there, it says how to see what is',
  async (which) => {
    using world = openStore()
    expect(await listImages(world.store)).toEqual([])
    await expect(removeImage(world.store, which)).rejects.toMatchObject({
      fault: 'no-such-image',
      message: expect.stringMatching(/image list/),
    })
  },
)

test('when an image is removed by the first digits of its id, it is found', async () => {
  using world = openStore()
  const { image } = await world.load(await ociArchive([WEB]))
  expect((await removeImage(world.store, image.id.slice(0, 12))).references).toEqual([WEB])
})
