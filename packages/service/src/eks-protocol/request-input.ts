import { badParameterFault, EksFault } from '@evenkeel/contract/eks'
import { type Complaints, readScalarText, readStructure } from './request-value.ts'
import type { OperationSchema } from './schemas.ts'

/** The parts of a request that hold an operation's parameters. */
export interface RequestParts {
  /** Decoded values of the path's labels. */
  readonly labels: Readonly<Record<string, string>>
  /** Without the question mark; still encoded. */
  readonly query: string
  readonly body: Uint8Array
}

/**
 * The parameters of a call, of the kinds and within the bounds that EKS's model gives. Throws EksFault:
 * SerializationException for a body that is no JSON structure, else the operation's fault for bad parameters, with
 * everything that is wrong.
 */
export function readInput(operation: OperationSchema, parts: RequestParts): Record<string, unknown> {
  const complaints: Complaints = []
  const bound: Record<string, unknown> = { ...(hasBody(operation) ? parseBody(parts.body) : {}) }
  const query = new URLSearchParams(parts.query)
  for (const [member, schema] of operation.input.structIterator()) {
    const { httpLabel, httpQuery } = schema.getMergedTraits()
    if (httpLabel) {
      bound[member] = parts.labels[member]
      if (bound[member] === '') complaints.push(`${member} must not be empty`)
    } else if (httpQuery) {
      const texts = query.getAll(httpQuery)
      if (schema.isListSchema()) {
        bound[member] = texts.length === 0 ? undefined : texts
      } else {
        if (texts.length > 1) complaints.push(`${member} must be given once, not ${texts.length} times`)
        bound[member] = texts[0] === undefined ? undefined : readScalarText(texts[0], schema)
      }
    }
  }
  const input = readStructure(bound, operation.input, { path: '', complaints })
  if (complaints.length > 0) throw new EksFault(badParameterFault(operation.name), `${complaints.join('; ')}.`)
  return input
}

/** EKS binds members to the body for POST alone. */
function hasBody(operation: OperationSchema): boolean {
  return operation.method === 'POST'
}

function parseBody(body: Uint8Array): Record<string, unknown> {
  if (body.length === 0) return {}
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body))
  } catch (cause) {
    const what = cause instanceof SyntaxError ? cause.message : 'it is not UTF-8'
    throw new EksFault('SerializationException', `The body of the request is not JSON: ${what}.`, { cause })
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new EksFault('SerializationException', 'The body of the request must be a JSON structure: {...}.')
  }
  return parsed as Record<string, unknown>
}
