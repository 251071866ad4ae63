import { join } from 'node:path'
import {
  createLogger,
  HttpStatusServer,
  KubeClient,
  keepCompiled,
  type Logger,
  Metrics,
  systemClock,
} from '@evenkeel/kernel'
import {
  AUTHENTICATOR_PORT,
  AUTHENTICATOR_ZONES,
  createProgramResolver,
  ensureTrees,
  floorBytesOf,
  HOME_MANIFEST,
  isLoopback,
  KEEPER_STATUS_PORT,
  type LocalSubstrate,
  OWN_CLUSTER,
  octetAddress,
  openLocalSubstrate,
  ownPrograms,
  type ProgramResolver,
  settingsToHandOn,
  stateFolder,
} from '@evenkeel/substrate-local'
import type { ActingKeeperPorts } from './acting-keeper.ts'
import { KeeperStatusPage } from './keeper-status.ts'
import type { Supervision } from './supervision.ts'

// What only an acting keeper needs (certificates, YAML, sources of binaries) is imported when it comes to act: two of
// three keepers stand by, each 16 MB smaller for it.

/** Whoever holds it acts for all clusters of the installation. */
const LEADERSHIP = 'cell'
/** Addresses of the installation's own programs end in it. */
const OWN_SLOT = 1
/** Turns that run are waited for so long when the process is told to stop; being killed at any step is safe. */
const STOP_PATIENCE_MS = 5000

/** One keeper of a local installation: it stands by until it leads, acts while it does, and exits when it does no more. */
async function main(): Promise<void> {
  const zone = process.env['EVENKEEL_ZONE'] ?? ''
  const log = createLogger('keeper').child({ zone })
  const substrate = await openLocalSubstrate({
    home: stateFolder(),
    resolver: resolvePrograms,
    floorBytes: floorBytesOf(process.env),
  })
  const { installation } = substrate
  if (!installation.zones.includes(zone)) {
    throw new Error(`EVENKEEL_ZONE is "${zone}": set it to one of ${installation.zones.join(', ')}`)
  }
  const metrics = new Metrics()
  const page = new KeeperStatusPage(zone)
  const acts = metrics.gauge('evenkeel_keeper_acting_state', '1 while this keeper acts, 0 while it stands by', [])
  acts.set(0)
  const status = new HttpStatusServer({
    host: process.env['EVENKEEL_STATUS_HOST'] ?? zoneAddress(substrate, zone),
    port: Number(process.env['EVENKEEL_STATUS_PORT'] ?? KEEPER_STATUS_PORT),
    metrics,
    readiness: {
      // What it cannot list rejects: the reason is the answer.
      records: async () => void (await substrate.records.clusters()),
    },
    pages: { '/status': () => page.show() },
  })
  await status.listen()

  const stopping = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => stopping.abort(new Error(`told to stop by ${name}`)))
  }
  keepCompiled()
  log.info('standing by')
  const leadership = await substrate.elector.campaign(LEADERSHIP, stopping.signal).catch((error: unknown) => {
    if (stopping.signal.aborted) {
      return undefined
    }
    throw error
  })
  if (leadership === undefined) {
    return
  }
  page.acts = true
  acts.set(1)
  log.info('acting')
  const signal = AbortSignal.any([stopping.signal, leadership.signal])
  await untilStopped(act(substrate, { zone, log, metrics, page, signal }), signal)
  await leadership.resign()
  log.info(stopping.signal.aborted ? 'stopped' : 'leadership lost')
}

const resolvePrograms: ProgramResolver = async (program) => {
  const { programPath } = await import('@evenkeel/distribution')
  const sourceRoot = join(import.meta.dirname, '../../..')
  return await createProgramResolver({
    nodePath: process.execPath,
    sourceRoot,
    upstream: (wanted) => programPath(wanted),
  })(program)
}

interface Acting {
  readonly zone: string
  readonly log: Logger
  readonly metrics: Metrics
  readonly page: KeeperStatusPage
  readonly signal: AbortSignal
}

async function act(substrate: LocalSubstrate, acting: Acting): Promise<void> {
  const [{ FileFolder, PROBE }, { actForCell }, controlPlane, { KubeconfigFiles }, nodeGroups, { StorePrograms }] =
    await Promise.all([
      import('./access/index.ts'),
      import('./acting-keeper.ts'),
      import('./control-plane/index.ts'),
      import('./home/index.ts'),
      import('./node-group/index.ts'),
      import('./programs/index.ts'),
    ])
  const distribution = await import('@evenkeel/distribution')
  const { zone, log, metrics, page, signal } = acting
  const { installation, paths } = substrate
  const { region } = installation
  const clock = systemClock
  const external = process.env['EVENKEEL_HOME_KUBECONFIG']
  const client = (kubeconfig: string): KubeClient =>
    new KubeClient({ kubeconfig }, { userAgent: `evenkeel-keeper-${zone}` })
  const programs = new StorePrograms({ clock, log, signal, imageFolder: paths.images })
  const sandboxImage = distribution.imageReference({
    name: 'pause',
    version: distribution.independentVersions().pause,
  })
  const ports: ActingKeeperPorts = {
    substrate,
    clock,
    log,
    metrics,
    region,
    page,
    home: client(paths.keeperKubeconfig),
    homeAdministrator: external === undefined ? client(paths.adminKubeconfig) : undefined,
    // Plain http is for loopback alone.
    serviceHosts: isLoopback(installation.address) ? [] : [installation.address],
    homeFiles: new KubeconfigFiles(paths.access),
    folder: new FileFolder(paths.authenticator),
    blueprint: new controlPlane.RenderedBlueprint({
      layout: (id) => substrate.instances.layout(id),
      authenticatorUrls: Object.fromEntries(
        AUTHENTICATOR_ZONES.map((each) => [each, `https://${zoneAddress(substrate, each)}:${AUTHENTICATOR_PORT}`]),
      ),
    }),
    prober: new controlPlane.NetworkProber({ clock, region, probeUsername: PROBE.username }),
    objects: controlPlane.endpointWriter,
    programs,
    nodes: new nodeGroups.KubeNodeApi(),
    nodePrograms: programs,
    nodeBlueprint: new nodeGroups.RenderedNodeBlueprint({
      layout: (id) => substrate.machines.layout(id),
      region,
      sandboxImage,
    }),
    nodeAddresses: substrate.network,
    supervision: supervisionOf(substrate, { zone, storeRoot: distribution.storeRoot() }),
    offeredRelease: (minor) => {
      const release = distribution.releaseOf(minor)
      return release === undefined
        ? undefined
        : {
            kubernetes: release.kubernetes.version,
            etcd: release.etcd.version,
            platformRevision: release.platformRevision,
          }
    },
    bundleOf: (releaseVersion) => distribution.nodeBundleOf(releaseVersion),
  }
  await actForCell(installation.simulated === true ? await simulateHosted(ports) : ports, signal)
}

/** Hosted clusters are simulated in this process; the home and our own programs are as real as ever. */
async function simulateHosted(ports: ActingKeeperPorts): Promise<ActingKeeperPorts> {
  const [{ SimulatedSubstrate }, { simulatedCell }] = await Promise.all([
    import('@evenkeel/substrate-simulated'),
    import('./simulated-cell.ts'),
  ])
  const hosted = new SimulatedSubstrate({ clock: ports.clock, zones: ports.substrate.zones })
  return await simulatedCell(ports, { hosted, own: new Set([OWN_CLUSTER, HOME_MANIFEST.cluster]) })
}

function supervisionOf(
  substrate: LocalSubstrate,
  { zone, storeRoot }: { readonly zone: string; readonly storeRoot: string },
): Supervision {
  const { installation, paths } = substrate
  const homeKubeconfig = process.env['EVENKEEL_HOME_KUBECONFIG']
  const context = {
    home: paths.home,
    storeRoot,
    revision: process.env['EVENKEEL_REVISION'] ?? '',
    env: settingsToHandOn(process.env),
    ...(homeKubeconfig === undefined ? {} : { homeKubeconfig }),
  }
  const programs = ownPrograms(installation, context)
  return {
    ensureTrees: () => ensureTrees({ home: paths.home }),
    ownPrograms: () => programs,
    self: { cluster: OWN_CLUSTER, name: `keeper-${zone}` },
  }
}

function zoneAddress({ installation }: LocalSubstrate, zone: string): string {
  return octetAddress(installation.octet, installation.zones.indexOf(zone) + 1, OWN_SLOT)
}

/** Until the work has ended, or for a moment after it was told to. What `work` throws is thrown. */
async function untilStopped(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const patience = new Promise<void>((resolve) => {
    const begin = (): void => void setTimeout(resolve, STOP_PATIENCE_MS)
    if (signal.aborted) {
      begin()
    } else {
      signal.addEventListener('abort', begin, { once: true })
    }
  })
  await Promise.race([work, patience])
}

try {
  await main()
  process.exit(0)
} catch (error) {
  createLogger('keeper').fatal({ err: error }, 'the keeper cannot go on and exits: its supervisor starts it again')
  process.exit(1)
}
