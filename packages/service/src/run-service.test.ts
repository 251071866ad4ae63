import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Metrics, silentLogger, systemClock } from '@evenkeel/kernel'
import { FakeHome, freePort, waitFor } from '@evenkeel/kernel/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runService, type ServiceParts } from './run-service.ts'
import { readSettings } from './settings.ts'
import { believingAuthenticator, LEAST_WISH } from './testing/eks-rig.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evenkeel-service-'))
})
afterEach(() => rm(folder, { recursive: true }))

const parts: ServiceParts = {
  openInstallation({ client }) {
    let problem: string | undefined = 'not asked yet'
    return {
      problem: () => problem,
      async run(signal) {
        await waitFor(() => signal.aborted || client.request('/readyz'), { what: 'the home' }).catch(() => {})
        problem = undefined
      },
    }
  },
  openIdentity: () => ({ authenticator: believingAuthenticator, problem: () => undefined, run: async () => {} }),
}

interface Running {
  readonly url: string
  stop(): Promise<void>
}

async function start(home: FakeHome): Promise<Running> {
  const kubeconfig = join(folder, 'service.kubeconfig')
  await writeFile(
    kubeconfig,
    JSON.stringify({
      'current-context': 'home',
      contexts: [{ name: 'home', context: { cluster: 'home', user: 'service' } }],
      clusters: [{ name: 'home', cluster: { server: home.connection.server } }],
      users: [{ name: 'service', user: { token: 'example' } }],
    }),
  )
  const port = await freePort()
  const settings = readSettings({
    EVENKEEL_HOME: folder,
    EVENKEEL_HOME_KUBECONFIG: kubeconfig,
    EVENKEEL_REGION: 'local-1',
    EVENKEEL_ACCOUNT_ID: '000000000001',
    EVENKEEL_PORT: String(port),
  })
  const stopping = new AbortController()
  const world = { settings, clock: systemClock, log: silentLogger, metrics: new Metrics() }
  const running = runService(world, parts, stopping.signal)
  const url = `http://127.0.0.1:${port}`
  await Promise.race([
    running,
    waitFor(async () => (await fetch(`${url}/healthz`)).ok, { what: 'the service to listen' }),
  ])
  return {
    url,
    async stop() {
      stopping.abort()
      await running
    },
  }
}

async function whenReady(url: string): Promise<void> {
  await waitFor(async () => (await fetch(`${url}/readyz`)).ok, { what: 'the service to be ready' })
}

const ADMIN = { 'x-caller': 'admin' }

describe('the service as a process', () => {
  it('when the home is not there yet, it listens and says what it waits for, and is ready once the home comes', async () => {
    await using home = await FakeHome.start()
    await home.goAway()
    const service = await start(home)
    const early = await fetch(`${service.url}/readyz`)
    expect(early.status).toBe(503)
    expect(await early.text()).toMatch(/\[-\]home: waits for the home API server[^]*\[-\]installation: /)
    const refused = await fetch(`${service.url}/clusters`, { headers: ADMIN })
    expect(refused.status).toBe(503)
    expect(refused.headers.get('x-amzn-errortype')).toBe('ServiceUnavailableException')
    await home.comeBack()
    await whenReady(service.url)
    expect((await fetch(`${service.url}/clusters`, { headers: ADMIN })).status).toBe(200)
    await service.stop()
  })

  it('when it starts again and the home is dead, it reads from what it kept', async () => {
    await using home = await FakeHome.start()
    const first = await start(home)
    await whenReady(first.url)
    const body = JSON.stringify({ ...LEAST_WISH, name: 'web' })
    expect((await fetch(`${first.url}/clusters`, { method: 'POST', headers: ADMIN, body })).status).toBe(200)
    await waitFor(async () => (await fetch(`${first.url}/clusters/web`, { headers: ADMIN })).ok, {
      what: 'the cluster',
    })
    expect((await fetch(`${first.url}/clusters`, { headers: ADMIN })).status).toBe(200)
    await waitFor(async () => (await (await fetch(`${first.url}/metrics`)).text()).includes('{status="CREATING"} 1'), {
      what: 'the informer to see the cluster',
    })
    await first.stop()
    await home.goAway()
    expect(await readFile(join(folder, 'mirror/service/clusters.json'), 'utf8')).toContain('"eksName":"web"')

    const second = await start(home)
    await waitFor(async () => (await fetch(`${second.url}/clusters/web`, { headers: ADMIN })).ok, {
      what: 'the mirror',
    })
    expect(await (await fetch(`${second.url}/clusters`, { headers: ADMIN })).json()).toEqual({ clusters: ['web'] })
    await second.stop()
  })

  it('when the port is taken, it says which and what to do', async () => {
    await using home = await FakeHome.start()
    const taken = Number(new URL(home.connection.server).port)
    const settings = readSettings({
      EVENKEEL_HOME: folder,
      EVENKEEL_REGION: 'local-1',
      EVENKEEL_ACCOUNT_ID: '000000000001',
      EVENKEEL_PORT: String(taken),
    })
    const world = { settings, clock: systemClock, log: silentLogger, metrics: new Metrics() }
    await expect(runService(world, parts, AbortSignal.timeout(5000))).rejects.toThrow(
      `cannot listen at 127.0.0.1 port ${taken}`,
    )
  })
})
