import { connect } from 'node:tls'

/** Somebody who speaks TLS. */
export interface TlsServer {
  readonly name: string
  readonly host: string
  readonly port: number
  /** Name that is asked for, where several certificates are shown at one address. */
  readonly serverName?: string
}

/** Fingerprint of the certificate that is shown on a new connection; whether it can be trusted is not looked at. */
export function shownFingerprint({ name, host, port, serverName }: TlsServer): Promise<string> {
  return new Promise((resolve, reject) => {
    const servername = serverName === undefined ? {} : { servername: serverName }
    const socket = connect({ host, port, rejectUnauthorized: false, timeout: 5000, ...servername })
    socket.once('secureConnect', () => {
      resolve(socket.getPeerCertificate().fingerprint256)
      socket.destroy()
    })
    socket.once('timeout', () => socket.destroy(new Error(`${name} did not shake hands in 5 s`)))
    socket.once('error', reject)
  })
}
