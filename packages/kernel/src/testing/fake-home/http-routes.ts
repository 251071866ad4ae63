import type { ServerResponse } from 'node:http'
import type { ResourceRef } from '../../kube-client/index.ts'
import { Refusal } from './object-table.ts'

/** What a path of the API names. */
export interface Route {
  readonly resource: string
  readonly namespace: string | undefined
  readonly name: string | undefined
  readonly subresource: string | undefined
}

export function resourceId({ group, version, plural }: ResourceRef): string {
  return `${group}/${version}/${plural}`
}

/** `/api/v1/namespaces/x` is the object x; `/api/v1/namespaces/x/secrets` is a list in it. */
export function routeOf(path: string): Route {
  const parts = path.split('/').slice(1).map(decodeURIComponent)
  const isCore = parts[0] === 'api'
  const [group = '', version = ''] = isCore ? ['', parts[1]] : parts.slice(1)
  const rest = parts.slice(isCore ? 2 : 3)
  const isNamespaced = rest[0] === 'namespaces' && rest.length > 2 && rest[2] !== 'status'
  const [plural, name, subresource] = isNamespaced ? rest.slice(2) : rest
  if ((parts[0] !== 'api' && parts[0] !== 'apis') || plural === undefined) {
    throw new Refusal(404, 'NotFound', 'the server could not find the requested resource')
  }
  const namespace = isNamespaced ? rest[1] : undefined
  return { resource: `${group}/${version}/${plural}`, namespace, name, subresource }
}

export function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

export function refuse(response: ServerResponse, error: unknown): void {
  const status = error instanceof Refusal ? error.status : 500
  const reason = error instanceof Refusal ? error.reason : 'InternalError'
  const message = error instanceof Error ? error.message : String(error)
  send(response, status, { apiVersion: 'v1', kind: 'Status', status: 'Failure', code: status, reason, message })
}
