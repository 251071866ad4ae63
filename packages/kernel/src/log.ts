import { type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino'
import { LogOutput } from './log-output.ts'

/** Structured log: `log.info({ cluster }, 'sentence')`, `log.child({ cluster })`; errors go under `err`. */
export type Logger = Pick<PinoLogger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'level'> & {
  child(bindings: Record<string, unknown>): Logger
}

/** Fields that never reach a log, at the top of an entry and one and two levels below. */
const SECRET_FIELDS = [
  'authorization',
  'clientKey',
  'data',
  'key',
  'password',
  'privateKey',
  'secret',
  'secretAccessKey',
  'sessionToken',
  'signingKey',
  'stringData',
  'token',
]

const REDACTED_PATHS = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`])

export interface LogOptions {
  /** `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`; EVENKEEL_LOG_LEVEL or `info` when not given. */
  readonly level?: string
  /** Where lines go; standard output when not given. */
  readonly write?: (line: string) => void
}

/** The root logger of a process: one JSON object a line. Secret fields are replaced by `[redacted]`. */
export function createLogger(name: string, options: LogOptions = {}): Logger {
  const write = options.write
  return pino(
    {
      name,
      level: options.level ?? process.env['EVENKEEL_LOG_LEVEL'] ?? 'info',
      base: { name, pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED_PATHS, censor: '[redacted]' },
    },
    write === undefined ? standardOutput() : { write },
  )
}

/** For code that is given no logger. */
export const silentLogger: Logger = pino({ level: 'silent' }, { write() {} })

let output: LogOutput | undefined

/** One for all loggers of the process, so that lines stay whole. */
function standardOutput(): LogOutput {
  output ??= new LogOutput(1)
  return output
}
