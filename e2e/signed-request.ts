import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type SigningCredentials, signRequest } from '@evenkeel/contract/sigv4'

export interface Answer {
  readonly status: number
  /** Name of the fault, from the header; empty where there is none. */
  readonly fault: string
  /** Of the fault; of an answer without one, its text. */
  readonly message: string
}

export interface RequestToEks {
  readonly method?: string
  /** Encoded, with its query. */
  readonly path: string
  readonly body?: string | Uint8Array<ArrayBuffer>
  /** How it is signed, where that is not right. */
  readonly signing?: Partial<{ region: string; service: string; nowMs: number; credentials: SigningCredentials }>
  /** Changes of the headers after the signature was made; undefined takes one away. */
  readonly headers?: Readonly<Record<string, string | undefined>>
}

/** The key that `evenkeel up` has put into the profile. */
export function profileKey(home: string): { readonly accessKeyId: string; readonly secretAccessKey: string } {
  const text = readFileSync(join(home, 'aws/credentials'), 'utf8')
  const valueOf = (name: string) => new RegExp(`^${name} = (\\S+)$`, 'm').exec(text)?.[1] ?? ''
  return { accessKeyId: valueOf('aws_access_key_id'), secretAccessKey: valueOf('aws_secret_access_key') }
}

/** Requests that no SDK makes, to the EKS API at `url`, signed with `credentials` unless told otherwise. */
export function rawClient(url: string, credentials: SigningCredentials) {
  const { host } = new URL(url)
  return async ({ method = 'GET', path, body, signing = {}, headers = {} }: RequestToEks): Promise<Answer> => {
    const signed = signRequest(
      { method, url: path, headers: { host }, ...(body === undefined ? {} : { body }) },
      { credentials, region: 'local-1', service: 'eks', nowMs: Date.now(), ...signing },
    )
    const all = Object.entries({ 'content-type': 'application/json', ...signed, ...headers })
    const response = await fetch(url + path, {
      method,
      headers: all.flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]])),
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(20_000),
    })
    const fault = response.headers.get('x-amzn-errortype') ?? ''
    const text = await response.text()
    const message = fault === '' ? text : (JSON.parse(text) as { message: string }).message
    return { status: response.status, fault, message }
  }
}
