import { DistributionError } from '../faults.ts'
import { architectureOf, type Platform } from '../programs.ts'
import { fullReference } from './reference.ts'
import { HOW_TO_SAVE, type Scan, scanTar } from './scan.ts'

export interface ReadArchiveOptions {
  /** What people call the file. */
  readonly title: string
  /** What the images must be for. */
  readonly platform: Platform
  readonly signal: AbortSignal
}

interface Descriptor {
  readonly mediaType?: string
  readonly digest?: string
  readonly size?: number
  readonly platform?: { readonly os?: string; readonly architecture?: string }
  readonly annotations?: Readonly<Record<string, string>>
}

/**
 * Reads an archive as containerd will (`core/images/archive`, containerd 2.4): an OCI layout (1.0.0) where it has
 * `oci-layout`, else what `docker save` has always written (`manifest.json`). Resolves with the full names of its images.
 * Throws where containerd would refuse it, or would take it in without use: `not-an-image`, `damaged-image`,
 * `no-image-name`, `wrong-platform`.
 */
export async function readArchive(path: string, options: ReadArchiveOptions): Promise<readonly string[]> {
  const archive = new Archive(await scanTar(path, options.title, options.signal), options)
  const { sizes } = archive.scan
  try {
    if (sizes.has('oci-layout')) return archive.ociReferences()
    if (sizes.has('manifest.json')) return archive.dockerReferences()
  } catch (error) {
    // Where a list should be there is something else.
    if (error instanceof TypeError) throw archive.fault('damaged-image', 'is not as an archive should be: make it anew')
    throw error
  }
  throw archive.fault(
    'not-an-image',
    `is a tar without an image (neither oci-layout nor manifest.json). ${HOW_TO_SAVE}`,
  )
}

/** One archive, being understood. */
class Archive {
  readonly scan: Scan
  readonly #title: string
  readonly #platform: string

  constructor(scan: Scan, { title, platform }: ReadArchiveOptions) {
    this.scan = scan
    this.#title = title
    this.#platform = `linux/${architectureOf(platform)}`
  }

  ociReferences(): readonly string[] {
    const { imageLayoutVersion: version } = this.#json('oci-layout') as { imageLayoutVersion?: string }
    if (version !== '1.0.0') {
      throw this.fault(
        'not-an-image',
        `is an OCI layout of version ${version}, and containerd reads 1.0.0. ${HOW_TO_SAVE}`,
      )
    }
    const descriptors = this.#manifests('index.json')
    const names = new Map<string, Descriptor>()
    for (const descriptor of descriptors) {
      const { annotations = {} } = descriptor
      const given = annotations['io.containerd.image.name'] ?? annotations['org.opencontainers.image.ref.name']
      // A tag alone, as the OCI specification has it, names no image.
      if (given === undefined || !/[/:@]/.test(given)) continue
      const full = fullReference(given)
      // Of an OCI layout containerd takes names as they are, while pods look for the full one.
      if (full !== given) {
        const next = full === undefined ? 'which is no name of an image' : `which no pod would find: call it ${full}`
        throw this.fault('no-image-name', `names its image ${JSON.stringify(given)}, ${next}. ${HOW_TO_SAVE}`)
      }
      names.set(given, descriptor)
    }
    this.#requireNames(names.size)
    for (const [name, descriptor] of names) this.#requireOciImage(name, descriptor)
    return [...names.keys()]
  }

  dockerReferences(): readonly string[] {
    const images = this.#json('manifest.json')
    if (!Array.isArray(images)) throw this.#damaged('manifest.json is no list')
    const names = new Set<string>()
    for (const { Config: config, Layers: layers, RepoTags: tags } of images as readonly DockerImage[]) {
      for (const given of tags ?? []) {
        const full = fullReference(given)
        if (full === undefined) {
          throw this.fault('no-image-name', `names its image ${JSON.stringify(given)}, which is no name of an image`)
        }
        names.add(full)
      }
      for (const name of [config ?? 'a configuration', ...(layers ?? [])]) {
        if (!this.scan.sizes.has(name) && !this.scan.links.has(name)) throw this.#damaged(`${name} is not in it`)
      }
      const configuration = this.#json(config ?? '')
      this.#requirePlatform(tags?.[0] ?? 'its image', platformIn(configuration))
      this.#requireLayers(
        layers ?? [],
        (configuration as { rootfs?: { diff_ids?: readonly string[] } }).rootfs?.diff_ids,
      )
    }
    this.#requireNames(names.size)
    return [...names]
  }

  fault(fault: 'not-an-image' | 'no-image-name' | 'wrong-platform' | 'damaged-image', text: string): DistributionError {
    return new DistributionError(fault, `${this.#title} ${text}`)
  }

  #requireNames(count: number): void {
    if (count > 0) return
    throw this.fault(
      'no-image-name',
      'does not say what its image is called, so that no pod could ask for it: save it by its name, such as "docker save NAME:TAG -o FILE", and not by its id',
    )
  }

  /** The manifest for our platform, with all that it names, must be there; what is for other platforms need not be. */
  #requireOciImage(name: string, descriptor: Descriptor): void {
    const manifestOf = (one: Descriptor, depth: number): Descriptor => {
      const content = this.#blob(one) as { manifests?: readonly Descriptor[]; config?: Descriptor }
      if (content.manifests === undefined) return one
      const platforms = content.manifests.map(({ platform }) => `${platform?.os}/${platform?.architecture}`)
      const ours = content.manifests[platforms.indexOf(this.#platform)]
      if (ours !== undefined && depth < 3) return manifestOf(ours, depth + 1)
      // What is for none are attestations about the others.
      throw this.#wrongPlatform(
        name,
        platforms.filter((platform) => !/undefined|unknown/.test(platform)),
      )
    }
    const manifest = this.#blob(manifestOf(descriptor, 0)) as { config?: Descriptor; layers?: readonly Descriptor[] }
    if (manifest.config === undefined || manifest.layers === undefined) throw this.#damaged(`${name} has no manifest`)
    for (const layer of manifest.layers) {
      if (this.scan.sizes.get(blobName(layer)) !== layer.size) {
        throw this.#damaged(`layer ${layer.digest} of ${name} is not in it`)
      }
    }
    this.#requirePlatform(name, platformIn(this.#blob(manifest.config)))
  }

  /** Of layers that are not compressed the configuration has the digests: a node would refuse others when it unpacks them. */
  #requireLayers(layers: readonly string[], digests: readonly string[] = []): void {
    const { digests: found, compressed } = this.scan
    for (const [index, name] of layers.entries()) {
      const digest = found.get(name)
      if (digest === undefined || compressed.has(name) || digests[index] === `sha256:${digest}`) continue
      throw this.#damaged(`${name} is not what its configuration says`)
    }
  }

  #requirePlatform(name: string, platform: string | undefined): void {
    if (platform === undefined)
      throw this.fault('not-an-image', `holds ${name}, which is no image of programs. ${HOW_TO_SAVE}`)
    if (platform !== this.#platform) throw this.#wrongPlatform(name, [platform])
  }

  #wrongPlatform(name: string, platforms: readonly string[]): DistributionError {
    return this.fault(
      'wrong-platform',
      `holds ${name} for ${platforms.join(', ') || 'no platform'}, and this is ${this.#platform}: build or pull it with --platform ${this.#platform}, save it and load that`,
    )
  }

  #damaged(what: string): DistributionError {
    return this.fault('damaged-image', `is damaged or cut short: ${what}: make it anew`)
  }

  #manifests(file: string): readonly Descriptor[] {
    const { manifests } = this.#json(file) as { manifests?: unknown }
    if (!Array.isArray(manifests)) throw this.#damaged(`${file} lists no manifests`)
    return manifests as readonly Descriptor[]
  }

  #blob(descriptor: Descriptor): unknown {
    return this.#json(blobName(descriptor))
  }

  /** An object or a list: `null` and the like have no fields that could be asked for. */
  #json(name: string): unknown {
    const text = this.scan.texts.get(name)
    if (text === undefined) throw this.#damaged(`${name} is not in it`)
    try {
      const value = JSON.parse(text) as unknown
      if (typeof value === 'object' && value !== null) return value
    } catch {
      // Said below.
    }
    throw this.#damaged(`${name} cannot be read`)
  }
}

interface DockerImage {
  readonly Config?: string
  readonly RepoTags?: readonly string[] | null
  readonly Layers?: readonly string[]
}

function blobName({ digest = '' }: Descriptor): string {
  return `blobs/${digest.replace(':', '/')}`
}

/** `linux/amd64` of an image's configuration; undefined where it says none, as of what is no image. */
function platformIn(config: unknown): string | undefined {
  const { os, architecture } = config as { os?: unknown; architecture?: unknown }
  return typeof os === 'string' && typeof architecture === 'string' ? `${os}/${architecture}` : undefined
}
