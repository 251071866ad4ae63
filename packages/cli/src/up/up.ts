import { readlink, realpath, rename, rm, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { defaultRelease, programPath } from '@evenkeel/distribution'
import { ensureFolder, hasErrorCode, type KubeConnection } from '@evenkeel/kernel'
import {
  ENDPOINT_PORTS,
  isLoopback,
  loadInstallation,
  prepareInstallation,
  stateFolder,
} from '@evenkeel/substrate-local'
import { clientFiles } from '../access/index.ts'
import { syncContexts } from '../cluster/index.ts'
import { examineHome } from '../external-home/index.ts'
import {
  eksAccess,
  LAUNCHER,
  lockInstallation,
  type OpenedInstallation,
  openSubstrate,
  viewInstallation,
} from '../installation/index.ts'
import {
  checkObtainable,
  findSystemProgram,
  installPackages,
  missingPackages,
  programSteps,
  requestFor,
  requireInstallable,
  requireOwnAddress,
  requireRoom,
} from '../machine/index.ts'
import { formatList, runSteps, SIMULATED_NOTE, type Step } from '../terminal/index.ts'
import { chooseHome } from './choose-home.ts'
import { DEMO, followDemo, requestDemo } from './demo.ts'
import { ensureFirstUser } from './first-user.ts'
import { untilKeyIsKnown } from './known-key.ts'
import { restartOutdated, startOwnPrograms } from './own-programs.ts'
import { followClusters } from './serving-again.ts'
import { readSetup, recordSetup } from './setup.ts'
import { waitUntilServing } from './wait-ready.ts'

export interface UpOptions {
  /** Where the EKS API and the clusters' endpoints are served; loopback when not given. */
  readonly address?: string
  /** Kubeconfig of an existing Kubernetes that is to be the home. */
  readonly homeKubeconfig?: string
  /** Whether a new installation gets the cluster `demo`. */
  readonly demo: boolean
  /** Hosted clusters of a new installation are simulated. */
  readonly simulated?: true
}

type Print = (line: string) => void

/** Brings an installation up, or the rest of the way up. Safe to repeat, to interrupt and to run twice at once. */
export async function up(options: UpOptions, signal: AbortSignal, print: Print): Promise<void> {
  const home = stateFolder()
  await requireRoom(home)
  await checkAddress(home, options.address)
  const { homeKubeconfig } = options
  const external = homeKubeconfig === undefined ? undefined : await examineHome(homeKubeconfig, signal)
  const packages = await missingPackages()
  await requireInstallable(packages)
  const request = requestFor(defaultRelease())
  await checkObtainable(request, signal)

  const lock = await lockInstallation(home, {
    deed: 'evenkeel up',
    signal,
    onWait: (holder) => print(`waits for ${holder}, which is at work on ${home}`),
  })
  let opened: OpenedInstallation
  try {
    await runSteps([...packageSteps(packages), ...programSteps(request, signal)], { signal })
    opened = await prepare(home, options, { external, signal })
    await runSteps(startSteps(opened), { signal })
  } finally {
    await lock.release()
  }
  print(`Evenkeel serves region ${opened.installation.region} at ${opened.serviceUrl}`)
  if (opened.installation.simulated === true) print(SIMULATED_NOTE)
  await finish(opened, signal, print)
  tellOtherMachines(opened, print)
}

/** What has to be done on other machines, and before them, to reach this one. */
function tellOtherMachines({ installation, trustFile }: OpenedInstallation, print: Print): void {
  const { address, servicePort } = installation
  if (isLoopback(address)) return
  const { first, last } = ENDPOINT_PORTS
  print(
    `Other machines: let them reach ${address} at TCP port ${servicePort} (EKS API) and ${first} to ${last} (clusters, a port each), and have them trust ${trustFile}`,
  )
}

/** Before anything is made. Another address than the one that an installation has is refused later, where that is said. */
async function checkAddress(home: string, wanted: string | undefined): Promise<void> {
  const kept = (await loadInstallation(home))?.address
  if (wanted !== undefined && kept !== undefined && wanted !== kept) return
  const address = kept ?? wanted
  if (address !== undefined) requireOwnAddress({ address, isKept: kept !== undefined })
}

function packageSteps(packages: readonly string[]): Step[] {
  if (packages.length === 0) return []
  const title = `Debian packages ${formatList(packages)}`
  return [{ title, run: async (_report, signal) => await installPackages(packages, signal) }]
}

/** What is decided once: addresses, identity of the installation, and what its home is. */
async function prepare(
  home: string,
  options: UpOptions,
  { external, signal }: { external: KubeConnection | undefined; signal: AbortSignal },
): Promise<OpenedInstallation> {
  await ensureFolder(home)
  const { installation } = await prepareInstallation({
    home,
    ...(options.address === undefined ? {} : { address: options.address }),
    ...(options.simulated === undefined ? {} : { simulated: options.simulated }),
  })
  const opened = viewInstallation(installation, await realpath(home))
  const substrate = await openSubstrate(opened)
  await chooseHome(opened, { substrate, external, signal })
  if (!options.demo) await recordSetup(opened.paths.access, { hasDemo: true })
  return opened
}

function startSteps(opened: OpenedInstallation): Step[] {
  return [
    {
      title: `state in ${opened.paths.home}`,
      run: async (report, signal) => {
        const substrate = await openSubstrate(opened)
        await linkPrograms(opened)
        await startOwnPrograms(opened, substrate, signal)
        const restarted = await restartOutdated(opened, substrate, { report, signal })
        return restarted === 0 ? undefined : `${restarted} programs restarted with the new sources`
      },
    },
    {
      title: 'home and EKS API',
      run: async (report, signal) => {
        await waitUntilServing(opened, await openSubstrate(opened), { report, signal })
        await ensureFirstUser(opened)
        await untilKeyIsKnown(opened, signal)
        return 'ready'
      },
    },
  ]
}

/** A folder for PATH: our kubectl, and ourselves. */
async function linkPrograms(opened: OpenedInstallation): Promise<void> {
  const { programs } = clientFiles(opened.paths.home)
  await ensureFolder(programs)
  const kubectl = programPath({ name: 'kubectl', version: defaultRelease().kubernetes.version })
  for (const [name, target] of [
    ['kubectl', kubectl],
    ['evenkeel', LAUNCHER],
  ] as const) {
    await replaceLink(join(programs, name), target)
  }
}

/** Writes nothing where it is right already: a full disk is not to stop what can run. */
async function replaceLink(path: string, target: string): Promise<void> {
  const there = await readlink(path).catch((error: unknown) => {
    if (hasErrorCode(error, 'ENOENT', 'EINVAL')) return undefined
    throw error
  })
  if (there === target) return
  const draft = join(dirname(path), `.${basename(path)}.${process.pid}`)
  await rm(draft, { force: true })
  await symlink(target, draft)
  await rename(draft, path)
}

/** What needs the EKS API: the first cluster of a new installation, and the others serving again. */
async function finish(opened: OpenedInstallation, signal: AbortSignal, print: Print): Promise<void> {
  if ((await readSetup(opened.paths.access)).hasDemo !== true) {
    await requestDemo(opened, signal)
    const said: string[] = []
    await runSteps(
      [
        {
          title: `cluster ${DEMO}`,
          run: async (report) => {
            said.push(await followDemo(opened, report, signal))
            return 'ACTIVE'
          },
        },
      ],
      { signal },
    )
    print(`cluster ${DEMO} is ${said.join('')}`)
  } else {
    await followClusters(opened, signal, print)
  }
  await syncContexts({ access: await eksAccess(opened), stateFolder: opened.paths.home, launcher: LAUNCHER })
  const kubectl = opened.installation.simulated === true ? '' : '; kubectl get namespaces'
  print(`Try:  eval "$(./evenkeel env)"; aws eks list-clusters${kubectl}`)
  if ((await findSystemProgram('aws')) === undefined) {
    print(
      'There is no AWS CLI here: pipx install awscli (or python3 -m venv aws && aws/bin/pip install awscli) brings one; ./evenkeel cluster list needs none',
    )
  }
}
