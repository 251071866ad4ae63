import { releases } from '@evenkeel/distribution/releases'
import { type Clock, KubeClient, type Logger, type Metrics } from '@evenkeel/kernel'
import { EksService } from './eks-service.ts'
import { fullDiskOf } from './home/index.ts'
import { type Authenticator, followTls, renewCertificate, waitForTls } from './http/index.ts'
import type { ServiceSettings } from './settings.ts'

export interface ServiceWorld {
  readonly client: KubeClient
  readonly settings: ServiceSettings
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

/** Something that follows the home for as long as the service runs. */
export interface Upkeep {
  /** Undefined when well, else what is waited for. */
  problem(): string | undefined
  /** Runs until `signal` is aborted. */
  run(signal: AbortSignal): Promise<void>
}

/** Who callers are. */
export interface Identity extends Upkeep {
  readonly authenticator: Authenticator
}

/** The other rooms of the service, as its composition root puts them together. */
export interface ServiceParts {
  /** Brings the home up to date, and keeps it so: kinds, rights, policies. */
  openInstallation(world: ServiceWorld): Upkeep
  openIdentity(world: ServiceWorld): Identity
}

/** In-flight requests get so long at a stop. */
const GRACE_MS = 10_000

/**
 * Runs the service until `signal` is aborted. It listens at once, and answers reads from what it kept if the home is
 * dead; `/readyz` says what it waits for. Rejects where it cannot listen.
 */
export async function runService(
  world: Omit<ServiceWorld, 'client'>,
  parts: ServiceParts,
  signal: AbortSignal,
): Promise<void> {
  const { settings, clock, log, metrics } = world
  const client = new KubeClient({ kubeconfig: settings.kubeconfig }, { userAgent: 'evenkeel-service' })
  const whole: ServiceWorld = { ...world, client }
  const tlsFile = settings.tlsFile === undefined ? undefined : { file: settings.tlsFile, clock, log }
  const tlsPem = tlsFile === undefined ? undefined : await waitForTls(tlsFile, signal)
  if (signal.aborted) {
    client.close()
    return
  }
  const installation = parts.openInstallation(whole)
  const identity = parts.openIdentity(whole)
  const service = new EksService({
    client,
    authenticator: identity.authenticator,
    region: settings.region,
    releases: releases(),
    clusterQuota: settings.clusterQuota,
    mirrorFolder: settings.mirrorFolder,
    whyHomeFails: () => fullDiskOf(settings.homeFolders),
    ...(tlsPem === undefined ? {} : { tlsPem }),
    readiness: { installation: () => installation.problem(), identity: () => identity.problem() },
    clock,
    log,
    metrics,
  })
  await listen(service, settings)
  log.info({ address: settings.address, port: settings.port, region: settings.region }, 'the service listens')
  const running = Promise.all([
    installation.run(signal),
    identity.run(signal),
    service.run(signal),
    ...(tlsFile === undefined || tlsPem === undefined
      ? []
      : [followTls(tlsFile, tlsPem, (pem) => renewCertificate(service.server, pem), signal)]),
  ])
  // A failure of what is meant to run for ever must not wait for a signal.
  await Promise.race([running, aborted(signal)])
  const grace = clock.setTimer(GRACE_MS, () => service.server.server.closeAllConnections())
  await service.server.close()
  grace.cancel()
  await running
  client.close()
  log.info('the service has stopped')
}

async function listen({ server }: EksService, { address, port }: ServiceSettings): Promise<void> {
  try {
    await server.listen({ host: address, port })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Error(
      `the service cannot listen at ${address} port ${port}: ${why}. Free the port, or give another one`,
      { cause },
    )
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
