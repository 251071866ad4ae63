import { releases } from '@evenkeel/distribution/releases'
import { createLogger, keepCompiled, Metrics, systemClock } from '@evenkeel/kernel'
import { HomeInstallation } from './home/index.ts'
import { Identity } from './identity/index.ts'
import { runService, type ServiceParts } from './run-service.ts'
import { readSettings } from './settings.ts'

/** The service of one region: the EKS API over the home. Its settings are in the environment (`settings.ts`). */
const log = createLogger('service')

const parts: ServiceParts = {
  openInstallation: ({ client, clock, log }) => new HomeInstallation({ client, releases: releases(), clock, log }),
  openIdentity({ client, clock, log, metrics, settings: { region, mirrorFolder } }) {
    const identity = new Identity({ client, region, mirrorFolder, clock, log, metrics })
    return {
      authenticator: identity,
      problem: () => identity.problem(),
      run: (signal) => identity.run(signal),
    }
  },
}

const stopping = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort())
keepCompiled()
try {
  const settings = readSettings(process.env)
  await runService({ settings, clock: systemClock, log, metrics: new Metrics() }, parts, stopping.signal)
  process.exitCode = 0
} catch (err) {
  log.fatal({ err }, err instanceof Error ? err.message : String(err))
  process.exitCode = 1
}
