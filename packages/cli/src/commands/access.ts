import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { DescribeClusterCommand } from '@aws-sdk/client-eks'
import { accountNamespace } from '@evenkeel/contract/kinds'
import { defaultRelease, isInstalled, programPath } from '@evenkeel/distribution'
import { readFileIfThere } from '@evenkeel/kernel'
import {
  clientFiles,
  execCredential,
  renderHomeContext,
  renderShellExports,
  rewriteFile,
  syncKubeconfig,
} from '../access/index.ts'
import { addressOf, connectEks, explainEksError, isNoAnswer, isSimulated, syncContexts } from '../cluster/index.ts'
import {
  eksAccess,
  LAUNCHER,
  type OpenedInstallation,
  requireAccessKey,
  requireInstallation,
} from '../installation/index.ts'
import { CommandError, EXIT, errorLine } from '../terminal/index.ts'

/** How long a service that may be dead is waited for, where what was known before does as well. */
const PATIENCE_MS = 3000

/** Prints exports for a shell; brings the kubeconfig up to date where the service answers. */
export async function env(write: (text: string) => void, complain: (line: string) => void): Promise<void> {
  const opened = await requireInstallation()
  const access = { ...(await eksAccess(opened)), patienceMs: PATIENCE_MS }
  const stateFolder = opened.paths.home
  try {
    await syncContexts({ access, stateFolder, launcher: LAUNCHER })
  } catch (error) {
    // The files of before still work: clusters do not need the service.
    complain(`the kubeconfig stays as it was: ${errorLine(error)}`)
  }
  write(renderShellExports({ stateFolder, searchPath: process.env['PATH'] ?? '', trustFile: opened.trustFile }))
}

/** What kubectl runs to sign in to a cluster. */
export async function token(cluster: string, write: (text: string) => void): Promise<void> {
  const opened = await requireInstallation()
  const key = await requireAccessKey(opened)
  const execInfo = process.env['KUBERNETES_EXEC_INFO']
  const { region } = opened.installation
  write(`${JSON.stringify(execCredential({ cluster, region, key, nowMs: Date.now(), execInfo }))}\n`)
}

/** Runs our kubectl against a cluster or the home; answers its exit status. */
export async function kubectl(args: readonly string[], options: { readonly home?: boolean }): Promise<number> {
  const opened = await requireInstallation()
  if (options.home === true) return await runKubectl(args, await homeKubeconfig(opened))
  const [cluster, ...rest] = args
  if (cluster === undefined || cluster.startsWith('-')) {
    throw new CommandError('name the cluster first: ./evenkeel kubectl CLUSTER get pods, or --home for the home', {
      exitStatus: EXIT.usage,
    })
  }
  return await runKubectl(rest, await clusterKubeconfig(opened, cluster))
}

/** What KUBECONFIG is for the home: its administrator's, and before it the account's namespace as the default one. */
async function homeKubeconfig({ paths, installation }: OpenedInstallation): Promise<string> {
  const { adminKubeconfig } = paths
  const context = renderHomeContext(
    (await readFileIfThere(adminKubeconfig)) ?? '',
    accountNamespace(installation.accountId),
  )
  if (context === undefined) return adminKubeconfig
  // Of a name that no cluster's kubeconfig can have: theirs have no dots.
  const path = `${clientFiles(paths.home).kubeconfig}.home-context`
  await rewriteFile(path, () => context)
  return `${path}:${adminKubeconfig}`
}

/** A kubeconfig with this one cluster; what was known before when the service does not answer. */
async function clusterKubeconfig(opened: OpenedInstallation, name: string): Promise<string> {
  const access = await eksAccess(opened)
  const stateFolder = opened.paths.home
  const path = `${clientFiles(stateFolder).kubeconfig}-${name}`
  const eks = connectEks({ ...access, patienceMs: PATIENCE_MS })
  try {
    const { cluster } = await eks.send(new DescribeClusterCommand({ name }))
    if (cluster !== undefined && isSimulated(cluster)) {
      throw new CommandError(
        `cluster ${name} is simulated: nothing serves at ${cluster.endpoint}, so kubectl cannot ask it`,
      )
    }
    const address = cluster === undefined ? undefined : addressOf(cluster)
    if (address === undefined) {
      throw new CommandError(
        `cluster ${name} is ${cluster?.status ?? 'unknown'} and has no endpoint yet: ./evenkeel status says what it waits for`,
      )
    }
    await syncKubeconfig(path, [address], { command: { launcher: LAUNCHER, stateFolder } })
    return path
  } catch (error) {
    if (isNoAnswer(error) && (await readFileIfThere(path)) !== undefined) return path
    throw explainEksError(`find cluster ${name}`, access.serviceUrl, error)
  } finally {
    eks.destroy()
  }
}

async function runKubectl(args: readonly string[], kubeconfig: string): Promise<number> {
  const program = { name: 'kubectl', version: defaultRelease().kubernetes.version }
  if (!(await isInstalled(program))) {
    throw new CommandError(`${programPath(program)} is not there: ./evenkeel up brings it`)
  }
  const child = spawn(programPath(program), args, { stdio: 'inherit', env: { ...process.env, KUBECONFIG: kubeconfig } })
  // Ctrl-C reaches it as well, and what that means is its business; a signal for us alone is handed on.
  process.on('SIGINT', () => {})
  process.once('SIGTERM', () => child.kill('SIGTERM'))
  return await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
  })
}
