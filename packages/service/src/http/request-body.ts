import { EksFault } from '@evenkeel/contract/eks'

export interface BodyLimits {
  /** Longer bodies are refused. */
  readonly maxBytes: number
  /** A body that is too long is read on up to here before it is refused, so that its sender hears the answer. */
  readonly maxDrainedBytes: number
}

/** Far above what EKS's largest request needs (50 tags: 80 kB). */
export const BODY_LIMITS: BodyLimits = { maxBytes: 1 << 20, maxDrainedBytes: 64 << 20 }

/**
 * The whole body, whatever the method and the content type: the signature covers it. Throws EksFault
 * RequestEntityTooLargeException; rejects with the stream's error where the client goes away. How long a client may
 * take is the server's `requestTimeout`.
 */
export async function readBody(stream: AsyncIterable<Buffer>, limits: BodyLimits = BODY_LIMITS): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream) {
    bytes += chunk.length
    if (bytes <= limits.maxBytes) chunks.push(chunk)
    else chunks.length = 0
    // Who sends that much does not mean well, and may see a broken connection.
    if (bytes > limits.maxDrainedBytes) break
  }
  if (bytes > limits.maxBytes) {
    throw new EksFault(
      'RequestEntityTooLargeException',
      `The body of the request is longer than ${limits.maxBytes} bytes: send less.`,
    )
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)
}
