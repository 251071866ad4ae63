import { type Agent, request } from 'node:https'
import { connect as connectTcp } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'node:tls'
import type { ProbeAddress } from '@evenkeel/keeper/components'
import type { InstanceSpec } from '@evenkeel/substrate'

export interface Answer {
  readonly status: number
  readonly body: string
}

/** Where a cluster is asked, and as whom: with a client certificate or a token. */
export type Address = Pick<ProbeAddress, 'host' | 'port' | 'serverName' | 'caCertificate' | 'client'> & {
  readonly token?: string
}

export interface Question {
  /** POST, unless there is a `method`. */
  readonly body?: object | undefined
  readonly method?: string
  /** Keeps connections; without one each request has its own, so that who answers is chosen anew. */
  readonly agent?: Agent
  /** 2000 when not given. */
  readonly timeoutMs?: number
}

/** One request. Rejects when nobody answers. */
export function ask(
  at: Address,
  path: string,
  { body, method, agent, timeoutMs = 2000 }: Question = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const call = request(
      {
        host: at.host,
        port: at.port,
        path,
        servername: at.serverName,
        ca: at.caCertificate,
        cert: at.client?.certificate,
        key: at.client?.key,
        agent: agent ?? false,
        timeout: timeoutMs,
        method: method ?? (text === undefined ? 'GET' : 'POST'),
        headers: {
          ...(text === undefined ? {} : { 'content-type': 'application/json' }),
          ...(at.token === undefined ? {} : { authorization: `Bearer ${at.token}` }),
        },
      },
      (response) => {
        let answer = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          answer += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: answer }))
        response.on('error', reject)
      },
    )
    call.on('timeout', () => call.destroy(new Error(`no answer in ${timeoutMs} ms`)))
    call.on('error', reject)
    call.end(text)
  })
}

/** Whether a member is as its keeper wants it: an answer of 200, or a handshake where there is no HTTP. Never rejects. */
export async function isReady(member: ProbeAddress): Promise<boolean> {
  if (member.path !== undefined) {
    return await ask(member, member.path).then(
      ({ status }) => status === 200,
      () => false,
    )
  }
  return await new Promise((resolve) => {
    const { host, port, serverName: servername, caCertificate: ca, client } = member
    const socket = connect({ host, port, servername, ca, cert: client?.certificate, key: client?.key, timeout: 2000 })
    const end = (ready: boolean): void => {
      resolve(ready)
      socket.destroy()
    }
    socket.once('secureConnect', () => end(true))
    socket.once('timeout', () => end(false))
    socket.once('error', () => end(false))
  })
}

/** Asks every 100 ms until an answer has `status`. Rejects with the last answer after `deadlineMs`. */
export async function askUntil(
  attempt: () => Promise<Answer>,
  wanted: {
    readonly status: readonly number[]
    readonly deadlineMs: number
    readonly what: string
    readonly signal?: AbortSignal | undefined
  },
): Promise<Answer> {
  const startedMs = performance.now()
  let last = 'nobody'
  while (performance.now() - startedMs < wanted.deadlineMs) {
    wanted.signal?.throwIfAborted()
    try {
      const answer = await attempt()
      if (wanted.status.includes(answer.status)) {
        return answer
      }
      last = `${answer.status} ${answer.body.slice(0, 200)}`
    } catch (error) {
      last = error instanceof Error ? error.message : String(error)
    }
    await sleep(100)
  }
  throw new Error(`waited ${wanted.deadlineMs} ms for ${wanted.what}; the last answer was: ${last}`)
}

/** Resolves once a TCP connection is taken at a port, when its patience has ended, or at an abort. */
export async function untilTaken(
  { host, port, atMostSeconds }: NonNullable<InstanceSpec['startsAfter']>,
  signal: AbortSignal,
): Promise<void> {
  const deadlineMs = performance.now() + atMostSeconds * 1000
  while (!signal.aborted && performance.now() < deadlineMs && !(await isTaken(host, port))) {
    await sleep(50)
  }
}

async function isTaken(host: string, port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connectTcp({ host, port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
