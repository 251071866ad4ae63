import {
  defaultRelease,
  ensureImages,
  ensurePrograms,
  newestNodeBundle,
  nodeImageRequest,
  nodeProgramRequest,
  type ProgressEvent,
} from '@evenkeel/distribution'
import { whyNoPrivateNetworks } from '@evenkeel/substrate-local'

/** All that is run is in the store before the first test: a build of it takes longer than any test may. */
export async function setup(): Promise<void> {
  const release = defaultRelease()
  const { kubernetes, etcd } = release
  let told = ''
  const onProgress = (event: ProgressEvent): void => {
    const line = `${event.set} ${event.version}: ${event.phase}`
    if (line !== told) console.log(`${line}, ${event.message}`)
    told = line
  }
  await ensurePrograms({ kubernetes: [kubernetes.version], etcd: [etcd.version] }, { onProgress })
  if ((await whyNoPrivateNetworks()) !== undefined) return
  await ensurePrograms(nodeProgramRequest(newestNodeBundle(release)), { onProgress })
  await ensureImages(nodeImageRequest(release), { onProgress })
}
