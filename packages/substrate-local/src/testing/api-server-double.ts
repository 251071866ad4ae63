import { once } from 'node:events'
import { createServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { connect, type TLSSocket } from 'node:tls'
import type { TestCertificate } from './local-world.ts'

/** Stands in for an API server: answers `/readyz` as it is told and everything else with its name. */
export interface ApiServerDouble {
  readonly name: string
  isReady: boolean
  /** Stops listening; connections that are open stay. */
  stopListening(): Promise<void>
  close(): Promise<void>
}

export async function startApiServerDouble(
  at: { readonly name: string; readonly host: string; readonly port: number },
  certificate: TestCertificate,
): Promise<ApiServerDouble> {
  const sockets = new Set<Duplex>()
  const server = createServer({ cert: certificate.certificate, key: certificate.key, keepAliveTimeout: 600_000 })
  const double: ApiServerDouble = {
    name: at.name,
    isReady: true,
    async stopListening() {
      if (!server.listening) return
      // Not `server.close`, which would wait for the open ones, and close the idle ones.
      const stopped = once(server, 'close')
      server.closeIdleConnections = () => undefined
      server.close()
      await Promise.race([stopped, new Promise(setImmediate)])
    },
    async close() {
      await double.stopListening()
      for (const socket of sockets) socket.destroy()
    },
  }
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('request', (request, response) => {
    if (request.url === '/readyz') response.writeHead(double.isReady ? 200 : 500)
    response.end(at.name)
  })
  server.listen({ host: at.host, port: at.port })
  await once(server, 'listening')
  return double
}

/** One connection of a client, on which it asks again and again. */
export interface ApiClient {
  /** Name of the server that answers. */
  ask(): Promise<string>
  readonly isOpen: boolean
  close(): void
}

export async function connectApiClient(
  to: { readonly host: string; readonly port: number },
  certificate: string,
): Promise<ApiClient> {
  const socket: TLSSocket = connect({ ...to, ca: certificate, servername: 'kubernetes' })
  await once(socket, 'secureConnect')
  let isOpen = true
  socket.on('error', () => socket.destroy())
  socket.once('close', () => {
    isOpen = false
  })
  socket.setEncoding('utf8')
  return {
    get isOpen() {
      return isOpen
    },
    async ask() {
      socket.write('GET /who HTTP/1.1\r\nHost: kubernetes\r\n\r\n')
      let text = ''
      while (!/\r\n\r\n.*[a-z]\r\n0\r\n\r\n$|\r\n\r\n[a-z]+$/s.test(text)) {
        const [part] = (await Promise.race([
          once(socket, 'data'),
          once(socket, 'close').then(() => Promise.reject(new Error('the connection was cut'))),
        ])) as [string]
        text += part
      }
      return /([a-z]+)(\r\n0\r\n\r\n)?$/.exec(text)?.[1] ?? ''
    },
    close: () => socket.destroy(),
  }
}

/** Asks once on a connection of its own. */
export async function askApi(to: { readonly host: string; readonly port: number }, ca: string): Promise<string> {
  const client = await connectApiClient(to, ca)
  try {
    return await client.ask()
  } finally {
    client.close()
  }
}
