import { defaultRelease, ensurePrograms, type ProgressEvent } from '@evenkeel/distribution'

/** Kubernetes and etcd are in the store before the first test: a build of them takes longer than any test may. */
export async function setup(): Promise<void> {
  const { kubernetes, etcd } = defaultRelease()
  let told = ''
  const onProgress = (event: ProgressEvent): void => {
    const line = `${event.set} ${event.version}: ${event.phase}`
    if (line !== told) console.log(`${line}, ${event.message}`)
    told = line
  }
  await ensurePrograms({ kubernetes: [kubernetes.version], etcd: [etcd.version] }, { onProgress })
}
