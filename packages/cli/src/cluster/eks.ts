import { readFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { EKSClient, EKSServiceException } from '@aws-sdk/client-eks'
import { CommandError } from '../terminal/index.ts'

/** Whom to ask, and as whom. */
export interface EksAccess {
  readonly serviceUrl: string
  readonly region: string
  readonly key: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** PEM file with the service's certificate authority, where it speaks TLS. */
  readonly trustFile?: string | undefined
  /** For when there is something to fall back on: one try of so long. Else three of 30 s. */
  readonly patienceMs?: number
}

/** A client of our EKS API that waits seconds, not minutes, for an answer. */
export function connectEks(access: EksAccess): EKSClient {
  const { serviceUrl, region, key, trustFile, patienceMs } = access
  const trust = trustFile === undefined ? {} : { httpsAgent: new Agent({ ca: readFileSync(trustFile) }) }
  return new EKSClient({
    region,
    endpoint: serviceUrl,
    credentials: key,
    maxAttempts: patienceMs === undefined ? 3 : 1,
    requestHandler: {
      connectionTimeout: patienceMs ?? 5000,
      requestTimeout: patienceMs ?? 30_000,
      throwOnRequestTimeout: true,
      ...trust,
    },
  })
}

const NO_ANSWER = ['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EPIPE', 'TimeoutError']

/** Whether nobody was there to answer, as opposed to an answer that we do not like. */
export function isNoAnswer(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : error.name
  return NO_ANSWER.includes(code)
}

export function isEksError(error: unknown, name: string): error is EKSServiceException {
  return error instanceof EKSServiceException && error.name === name
}

/** Runs a call of the EKS API; what it is refused with becomes the one line of a CommandError. */
export async function callEks<T>(deed: string, serviceUrl: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw explainEksError(deed, serviceUrl, error)
  }
}

export function explainEksError(deed: string, serviceUrl: string, error: unknown): unknown {
  if (isNoAnswer(error)) {
    return new CommandError(
      `cannot ${deed}: the EKS API at ${serviceUrl} does not answer; ./evenkeel status says why, ./evenkeel up starts it`,
      { cause: error },
    )
  }
  if (error instanceof EKSServiceException) {
    return new CommandError(`cannot ${deed}: ${error.name}: ${error.message}`, { cause: error })
  }
  return error
}
