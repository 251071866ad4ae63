export type { Authenticator, Caller, WireRequest } from './authenticator.ts'
export type { AnswerCall, EksCall } from './eks-call.ts'
export { buildEksServer, type EksServerOptions } from './eks-server.ts'
export { BODY_LIMITS } from './request-body.ts'
