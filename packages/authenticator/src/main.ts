import { createLogger, HttpStatusServer, keepCompiled, Metrics, systemClock } from '@evenkeel/kernel'
import { Folder, type Problem } from './folder.ts'
import { followFolder } from './folder-watch.ts'
import { TokenServer } from './server.ts'

/** The authenticator of one zone. Everything it knows are the files of one folder: it calls nobody. */
const log = createLogger('authenticator')
const hosts = hostsOf('EVENKEEL_AUTHENTICATOR_HOSTS')
const host = hosts[0]
const port = portOf('EVENKEEL_AUTHENTICATOR_PORT')
const statusPort = portOf('EVENKEEL_STATUS_PORT')
const path = required('EVENKEEL_AUTHENTICATOR_FOLDER')

const metrics = new Metrics()
const clusters = metrics.gauge('evenkeel_authenticator_clusters_items', 'Clusters whose tokens are answered here.', [])
const folder = new Folder(path, systemClock)
const stopping = new AbortController()
const report = ({ file, error }: Problem): void => {
  log.error({ err: error, file }, 'a file of the keepers cannot be read: what it said before stays in force')
}

keepCompiled()
// Whoever asks from the first moment on is to be known.
await folder.refresh()
followFolder(folder, stopping.signal, report)
clusters.set(folder.clusterCount)
const counting = setInterval(() => clusters.set(folder.clusterCount), 5000)

const server = new TokenServer({ hosts, port, folder, clock: systemClock, log, metrics })
const status = new HttpStatusServer({ host, port: statusPort, metrics, readiness: {} })
try {
  await Promise.all([server.listen(), status.listen()])
} catch (err) {
  log.fatal(
    { err, hosts, port, statusPort },
    'the authenticator cannot listen: is another one running at this address?',
  )
  process.exit(1)
}
log.info(
  { hosts, port, clusters: folder.clusterCount, hasSigningKeys: folder.hasSigningKeys },
  'answering token reviews',
)

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

/** Its own address first, then those of the other zones. */
function hostsOf(name: string): readonly [string, ...string[]] {
  const [own = '', ...others] = required(name).split(',')
  return [own, ...others]
}

function portOf(name: string): number {
  const port = Number(required(name))
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    console.error(`authenticator: ${name} must be a TCP port`)
    process.exit(64)
  }
  return port
}
