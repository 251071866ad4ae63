import { type OperationName, operationFacts } from './facts.ts'
import table from './generated/facts.json' with { type: 'json' }

/** Errors that EKS's model declares. */
export type DeclaredFaultName = keyof typeof table.faults

/**
 * Errors that any AWS service may answer before an operation is reached; not in EKS's model. Names and statuses as the
 * AWS General Reference lists them under "Common errors", and as SDKs know them.
 */
const COMMON_FAULT_STATUS = {
  IncompleteSignatureException: 400,
  InternalFailure: 500,
  InvalidSignatureException: 403,
  MissingAuthenticationTokenException: 403,
  RequestEntityTooLargeException: 413,
  RequestTimeoutException: 408,
  SerializationException: 400,
  UnknownOperationException: 404,
  UnrecognizedClientException: 403,
} as const

export type CommonFaultName = keyof typeof COMMON_FAULT_STATUS
export type FaultName = DeclaredFaultName | CommonFaultName

/** Context that a fault's body may carry beside `message`; members that the named fault does not have are left out. */
export interface FaultContext {
  readonly clusterName?: string
  readonly nodegroupName?: string
  readonly addonName?: string
  readonly subscriptionId?: string
}

/** What an EKS call answers instead of a result. The message names the object, the cause and the next step. */
export class EksFault extends Error {
  readonly code: FaultName
  readonly context: FaultContext

  constructor(code: FaultName, message: string, options: { context?: FaultContext; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'EksFault'
    this.code = code
    this.context = options.context ?? {}
  }
}

export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(table.faults, name) || Object.hasOwn(COMMON_FAULT_STATUS, name)
}

/** HTTP status of a fault. */
export function faultStatus(name: FaultName): number {
  return isDeclaredFault(name) ? table.faults[name].status : COMMON_FAULT_STATUS[name]
}

/** Members of a fault's body, `message` among them. */
function faultMembers(name: FaultName): readonly string[] {
  return isDeclaredFault(name) ? table.faults[name].members : ['message']
}

/** The body of a fault: its message, and of its context what this fault has a member for. */
export function faultBody(fault: EksFault): Record<string, string> {
  const members = new Set(faultMembers(fault.code))
  const context = Object.entries(fault.context).filter(([member]) => members.has(member))
  return { ...Object.fromEntries(context), message: fault.message }
}

/**
 * The first of `wanted` that the operation declares. Clients know how to take what an operation declares, and retry
 * what they do not know; where it declares none of them: the last.
 */
export function declaredFault(
  operation: OperationName,
  ...wanted: readonly [DeclaredFaultName, ...DeclaredFaultName[]]
): DeclaredFaultName {
  const declared = operationFacts(operation).errors
  return wanted.find((name) => declared.includes(name)) ?? wanted.at(-1) ?? wanted[0]
}

/** What a call of this operation with unacceptable parameters is answered. */
export function badParameterFault(operation: OperationName): DeclaredFaultName {
  return declaredFault(
    operation,
    'InvalidParameterException',
    'InvalidRequestException',
    'BadRequestException',
    'InvalidParameterException',
  )
}

/** What a call of an operation that Evenkeel does not offer is answered: a 400, since clients retry a 5xx. */
export function notOfferedFault(operation: OperationName): DeclaredFaultName {
  return declaredFault(
    operation,
    'InvalidRequestException',
    'InvalidParameterException',
    'BadRequestException',
    'InvalidRequestException',
  )
}

function isDeclaredFault(name: FaultName): name is DeclaredFaultName {
  return Object.hasOwn(table.faults, name)
}
