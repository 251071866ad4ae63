import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { pack } from 'tar-stream'
import { architectureOf, currentPlatform } from '../programs.ts'

export const OWN_ARCHITECTURE = architectureOf(currentPlatform())

/** A tar of files, in their order. */
export async function tarOf(files: Readonly<Record<string, string | Buffer>>): Promise<Buffer> {
  const tar = pack()
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content)
  tar.finalize()
  const pieces: Uint8Array[] = []
  for await (const piece of tar as AsyncIterable<Uint8Array>) pieces.push(piece)
  return Buffer.concat(pieces)
}

export const json = (value: unknown) => JSON.stringify(value)

/** Files of an OCI layout, and the descriptors that an index lists. */
export class FakeLayout {
  readonly files: Record<string, string | Buffer> = { 'oci-layout': json({ imageLayoutVersion: '1.0.0' }) }

  blob(content: string, mediaType = 'application/octet-stream') {
    const digest = createHash('sha256').update(content).digest('hex')
    this.files[`blobs/sha256/${digest}`] = content
    return { mediaType, digest: `sha256:${digest}`, size: content.length }
  }

  image({ architecture = OWN_ARCHITECTURE, layer = 'layer' } = {}) {
    const config = this.blob(json({ os: 'linux', architecture, rootfs: {} }))
    const manifest = { schemaVersion: 2, config, layers: [this.blob(layer)] }
    return this.blob(json(manifest), 'application/vnd.oci.image.manifest.v1+json')
  }

  index(manifests: readonly object[]) {
    return this.blob(json({ schemaVersion: 2, manifests }), 'application/vnd.oci.image.index.v1+json')
  }

  tar(manifests: readonly object[]): Promise<Buffer> {
    // Last, as some tools write it.
    return tarOf({ ...this.files, 'index.json': json({ schemaVersion: 2, manifests }) })
  }
}

/** An OCI archive of one image for each name. */
export async function ociArchive(names: readonly string[], { layer = 'layer' } = {}): Promise<Buffer> {
  const layout = new FakeLayout()
  const image = layout.image({ layer })
  return await layout.tar(names.map((name) => ({ ...image, annotations: { 'io.containerd.image.name': name } })))
}

/** What `docker save` has always written. Its configuration has the digest of the layer `layer`. */
export async function dockerArchive(
  tags: readonly string[] | null,
  { architecture = OWN_ARCHITECTURE, layer = 'layer' } = {},
) {
  const digest = createHash('sha256').update('layer').digest('hex')
  return await tarOf({
    'abc.json': json({ os: 'linux', architecture, rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] } }),
    'abc/layer.tar': layer,
    'manifest.json': json([{ Config: 'abc.json', RepoTags: tags, Layers: ['abc/layer.tar'] }]),
  })
}

export function streamOf(content: Buffer): Readable {
  // In small pieces, as a pipe gives them.
  const pieces: Buffer[] = []
  for (let start = 0; start < content.length; start += 700) pieces.push(content.subarray(start, start + 700))
  return Readable.from(pieces)
}
