import { EksFault, faultBody, faultStatus } from '@evenkeel/contract/eks'
import type { FastifyReply } from 'fastify'

/** The fault that stands for an error: itself, what Fastify refused, or one of ours that nobody foresaw. */
export function faultOf(error: unknown): EksFault {
  if (error instanceof EksFault) return error
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  switch (code) {
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new EksFault('UnknownOperationException', 'The path of the request is not one of EKS: check its encoding.')
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_EMPTY_TYPE':
      return new EksFault(
        'SerializationException',
        'The content-type of the request is not a media type: send application/json.',
      )
    case 'ECONNRESET':
    case 'ERR_STREAM_PREMATURE_CLOSE':
      return new EksFault('RequestTimeoutException', 'The request ended before its body was complete.')
    default:
      return new EksFault(
        'InternalFailure',
        'Evenkeel failed at this request. The log of the service says why, under the id of the request.',
        { cause: error },
      )
  }
}

/** Answers as EKS does: the name in a header, the message and its context in the body. */
export function sendFault(reply: FastifyReply, fault: EksFault): FastifyReply {
  return reply
    .code(faultStatus(fault.code))
    .header('x-amzn-errortype', fault.code)
    .header('content-type', 'application/json')
    .send(JSON.stringify(faultBody(fault)))
}
