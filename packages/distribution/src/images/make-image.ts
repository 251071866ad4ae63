import { mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { architectureOf, type Platform } from '../programs.ts'
import { openCrane } from './crane.ts'
import { IMAGE_RECIPES, type Image, imageReference } from './image.ts'
import { writeTar } from './write-tar.ts'

export interface ImageWork {
  readonly image: Image
  readonly platform: Platform
  /** Paths of crane, and of the program that the image is made of. */
  readonly crane: string
  readonly program: string
  /** Empty folder for all that is made on the way. */
  readonly scratch: string
  /** Where the archive is to be written. */
  readonly archive: string
  readonly signal: AbortSignal
}

/**
 * Makes an image of one layer with one program, its entrypoint, and writes it as a tar of an OCI layout (OCI image layout
 * 1.0.0) that containerd knows by the image's reference. The same program and crane make the same bytes.
 */
export async function makeImage(work: ImageWork): Promise<void> {
  const { image, platform, scratch, signal } = work
  const recipe = IMAGE_RECIPES[image.name]
  const layer = join(scratch, 'layer.tar')
  const layout = join(scratch, 'layout')
  await mkdir(scratch, { recursive: true })
  await writeTar(
    layer,
    [
      { name: recipe.program, mode: 0o755, file: work.program },
      // Programs that write certificates or dumps look for it.
      { name: 'tmp/', mode: 0o1777, folder: true },
    ],
    signal,
  )
  let manifest: string
  {
    await using crane = await openCrane(work.crane, { folder: scratch, signal })
    const goPlatform = `linux/${architectureOf(platform)}`
    const tag = `${crane.registry}/${image.name}:${image.version}`
    const bare = await crane.run(['append', '--insecure', '--oci-empty-base', '-f', layer, '-t', tag])
    const user = 'user' in recipe ? ['--user', recipe.user] : []
    const settings = ['--set-platform', goPlatform, '--entrypoint', `/${recipe.program}`, ...user]
    const whole = await crane.run(['mutate', '--insecure', bare, ...settings])
    await crane.run(['pull', '--insecure', '--format=oci', whole, layout])
    manifest = whole.slice(whole.lastIndexOf('@') + 1)
  }
  await writeArchive(work, layout, manifest)
}

/** The tar of a layout, with an index of our own: crane's would name the image by the address of its registry. */
async function writeArchive(work: ImageWork, layout: string, manifest: string): Promise<void> {
  const { image, platform, archive, signal } = work
  const blobs = join(layout, 'blobs/sha256')
  const reference = imageReference(image)
  const index = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      {
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest: manifest,
        size: (await stat(join(blobs, manifest.slice('sha256:'.length)))).size,
        platform: { os: 'linux', architecture: architectureOf(platform) },
        // containerd reads the first, other tools the second.
        annotations: { 'io.containerd.image.name': reference, 'org.opencontainers.image.ref.name': reference },
      },
    ],
  }
  const names = (await readdir(blobs)).sort()
  await writeTar(
    archive,
    [
      { name: 'oci-layout', mode: 0o644, text: JSON.stringify({ imageLayoutVersion: '1.0.0' }) },
      { name: 'index.json', mode: 0o644, text: JSON.stringify(index) },
      ...names.map((name) => ({ name: `blobs/sha256/${name}`, mode: 0o644, file: join(blobs, name) })),
    ],
    signal,
  )
}
