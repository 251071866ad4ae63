import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { releases } from '@evenkeel/distribution/releases'
import { KubeClient, silentLogger } from '@evenkeel/kernel'
import { FakeClock, waitFor } from '@evenkeel/kernel/testing'
import { afterEach, expect, it } from 'vitest'
import { HomeInstallation } from './index.ts'

let server: Server | undefined
let client: KubeClient | undefined

afterEach(() => {
  client?.close()
  server?.close()
})

/** A home that answers everything with `status`. Answers the times between attempts to install, as the clock saw them. */
async function pausesBetweenAttempts(status: number, attempts: number): Promise<number[]> {
  server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ kind: 'Status', code: status, message: `says ${status}` }))
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  client = new KubeClient({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  const clock = new FakeClock()
  const stop = new AbortController()
  const running = new HomeInstallation({ client, releases: releases(), clock, log: silentLogger }).run(stop.signal)
  const pauses: number[] = []
  while (pauses.length < attempts) {
    await waitFor(() => clock.pending === 1, { what: 'the pause after an attempt' })
    const pauseMs = (clock.nextDueMs ?? 0) - clock.now()
    pauses.push(pauseMs)
    await clock.advance(pauseMs)
  }
  stop.abort()
  await running
  return pauses
}

it('when the home is not there yet, it is tried at the same short interval until it is', async () => {
  expect(await pausesBetweenAttempts(503, 6)).toEqual([300, 300, 300, 300, 300, 300])
})

it('when the home refuses what it is given, the pauses grow', async () => {
  expect(await pausesBetweenAttempts(403, 6)).toEqual([500, 1000, 2000, 4000, 8000, 10_000])
})
