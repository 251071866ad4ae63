/** DER to PEM, ended by a line break, so that PEM texts can be joined. */
export function encodePem(label: string, der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

/** The first PEM block's DER. */
export function decodePem(pem: string): ArrayBuffer {
  const body = /-----BEGIN [A-Z ]+-----([A-Za-z0-9+/=\s]+)-----END /.exec(pem)?.[1]
  if (body === undefined) {
    throw new Error('expected a PEM block: restore the record of the keys from a backup')
  }
  return new Uint8Array(Buffer.from(body, 'base64')).buffer
}
