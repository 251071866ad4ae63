import { createLogger, HttpStatusServer, Metrics, systemClock } from '@evenkeel/kernel'
import { Folder } from './folder.ts'
import { TokenServer } from './server.ts'

/** The authenticator of one zone. Everything it knows are the files of one folder: it calls nobody. */
const log = createLogger('authenticator')
const host = required('EVENKEEL_AUTHENTICATOR_HOST')
const port = Number(required('EVENKEEL_AUTHENTICATOR_PORT'))
const statusPort = Number(required('EVENKEEL_STATUS_PORT'))
const path = required('EVENKEEL_AUTHENTICATOR_FOLDER')

const metrics = new Metrics()
const folder = new Folder(path)
const stopping = new AbortController()
const clusters = metrics.gauge('evenkeel_authenticator_clusters_items', 'Clusters whose tokens are answered here.', [])

const problems = await folder.refresh()
for (const { file, error } of problems) log.error({ err: error, file }, 'a file of the keepers cannot be read')
folder.follow(stopping.signal, ({ file, error }) =>
  log.error({ err: error, file }, 'a file of the keepers cannot be read'),
)
clusters.set(folder.clusterCount)
const counting = setInterval(() => clusters.set(folder.clusterCount), 5000)

const server = new TokenServer({ host, port, folder, clock: systemClock, log, metrics })
const status = new HttpStatusServer({ host, port: statusPort, metrics, readiness: {} })
await server.listen()
await status.listen()
log.info({ host, port, clusters: folder.clusterCount }, 'answering token reviews')

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    stopping.abort()
    clearInterval(counting)
    void Promise.all([server.close(), status.close()]).then(() => process.exit(0))
  })
}

function required(name: string): string {
  const value = process.env[name]
  if (value === undefined || value === '') {
    console.error(`authenticator: ${name} is not set; \`evenkeel up\` starts this program with all it needs`)
    process.exit(64)
  }
  return value
}
