import { userObjects } from '@evenkeel/contract/identity'
import { KEEPER_IDENTITY, SERVICE_IDENTITY, serviceRights } from '@evenkeel/contract/kinds'
import { releases } from '@evenkeel/distribution/releases'
import {
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  type KubeClient,
  KubeError,
  NAMESPACES,
  ROLE_BINDINGS,
  systemClock,
} from '@evenkeel/kernel'
import { installHome } from '../home/index.ts'
import { HomeHarness } from './home-harness.ts'

const ACCOUNT = '000000000001'

/** A real home for tests, installed by the service, with one account in it. */
export class InstalledHome {
  static readonly namespace = `account-${ACCOUNT}`
  /** Master of the account. */
  static readonly admin = userObjects({
    accountId: ACCOUNT,
    userName: 'admin',
    isAdmin: true,
    random: new Uint8Array(40),
  })
  /** Without any rights, and not at the home yet. */
  static readonly guest = userObjects({ accountId: ACCOUNT, userName: 'Guest', random: new Uint8Array(40).fill(1) })
  /** Options of requests that the service makes as its callers. */
  static readonly asAdmin = { impersonate: { user: InstalledHome.admin.arn, groups: ['evenkeel:users'] } }
  static readonly asGuest = { impersonate: { user: InstalledHome.guest.arn, groups: ['evenkeel:users'] } }

  readonly #harness: HomeHarness
  readonly owner: KubeClient
  readonly service: KubeClient
  readonly keeper: KubeClient

  private constructor(harness: HomeHarness) {
    this.#harness = harness
    this.owner = harness.client()
    this.service = harness.client(SERVICE_IDENTITY.user)
    this.keeper = harness.client(KEEPER_IDENTITY.user)
  }

  static async start(): Promise<InstalledHome> {
    const harness = await HomeHarness.start([
      { user: SERVICE_IDENTITY.user, groups: [SERVICE_IDENTITY.group] },
      { user: KEEPER_IDENTITY.user, groups: [KEEPER_IDENTITY.group] },
    ])
    const home = new InstalledHome(harness)
    const { owner } = home
    for (const right of serviceRights()) {
      const resource = right.kind === 'ClusterRole' ? CLUSTER_ROLES : CLUSTER_ROLE_BINDINGS
      await owner.apply(resource, right, { fieldManager: 'test' })
    }
    await home.install()
    const { admin } = InstalledHome
    await owner.apply(NAMESPACES, admin.namespace, { fieldManager: 'test' })
    await owner.apply(ROLE_BINDINGS, admin.adminBinding ?? admin.namespace, { fieldManager: 'test' })
    return home
  }

  /** As the service does, at a given time. */
  async install(options: { known?: ReturnType<typeof releases>; nowMs?: number } = {}): Promise<void> {
    const { known = releases(), nowMs } = options
    const clock = nowMs === undefined ? systemClock : { ...systemClock, now: () => nowMs }
    await installHome(this.service, { releases: known, clock, signal: AbortSignal.timeout(60_000) })
  }

  async kubectl(...words: readonly string[]): Promise<string> {
    return await this.#harness.kubectl(...words)
  }

  async stop(): Promise<void> {
    await this.#harness.stop()
  }
}

/** What a home says no with: the status and its message. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  )
  return error instanceof KubeError ? `${error.status} ${error.message}` : `no refusal but ${String(error)}`
}
