import { pino } from 'pino'
import type { Redactor } from './redact.ts'

/** From everything to nothing, by pino's names. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
/** A level of the log; records below it are dropped. */
export type LogLevel = (typeof logLevels)[number]

/** Fields first, then a fixed sentence: values that vary belong into fields, so that records can be grouped. */
type Log = (fields: object, message: string) => void

/** What the parts of the server see of the log. An error goes into the field `err`. */
export interface Logger {
  readonly trace: Log
  readonly debug: Log
  readonly info: Log
  readonly warn: Log
  readonly error: Log
  readonly fatal: Log
  /** A logger that adds these fields to each of its records. */
  child(fields: Readonly<Record<string, unknown>>): Logger
}

/** What is logged, under which name, and where to. */
export interface LoggerOptions {
  readonly level: LogLevel
  readonly redactor: Redactor
  /** Default `token-registries`. */
  readonly name?: string
  /** Where lines go; default standard output, synchronously, so that the last words before an exit are not lost. */
  readonly destination?: { write(line: string): unknown }
}

/**
 * JSON lines with ISO times. Redaction sits behind the serialiser, at the one place that every record passes, whatever
 * way it was logged (message arguments, child fields, errors): nothing can be added that goes around it.
 */
export function createLogger(options: LoggerOptions): Logger {
  const out = options.destination ?? pino.destination({ dest: 1, sync: true })
  const destination = {
    write: (line: string) => {
      out.write(redactLine(line, options.redactor))
    },
  }
  return pino(
    {
      level: options.level,
      base: { name: options.name ?? 'token-registries' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: serializeErrorFields },
      serializers: { err: serializeError },
    },
    destination,
  )
}

function redactLine(line: string, redactor: Redactor): string {
  try {
    return `${JSON.stringify(redactor.value(JSON.parse(line)))}\n`
  } catch {
    return `${redactor.text(line.trimEnd())}\n`
  }
}

/** Errors are recognised in any field, since `{ cause: error }` would otherwise print as `{}`. */
function serializeErrorFields(fields: Record<string, unknown>): Record<string, unknown> {
  const errors = Object.entries(fields).filter(([, value]) => value instanceof Error)
  if (errors.length === 0) return fields
  return { ...fields, ...Object.fromEntries(errors.map(([name, value]) => [name, serializeError(value)])) }
}

/** An error as a record shows it; `errors` are the first five of an AggregateError. */
export interface SerializedError {
  readonly name: string
  readonly code?: string | number
  readonly message: string
  readonly stack?: string
  readonly cause?: SerializedError
  readonly errors?: readonly SerializedError[]
}

/**
 * Name, code, message, stack and cause (4 deep), and nothing else: client libraries hang requests with their headers
 * and whole response bodies on their errors. Does not redact; the logger's edge does.
 */
export function serializeError(thrown: unknown, depth = 0): SerializedError {
  if (!(thrown instanceof Error)) {
    const text = typeof thrown === 'string' ? thrown : `a thrown ${typeof thrown}`
    return isSerialized(thrown) ? thrown : { name: 'NonError', message: text }
  }
  const code: unknown = 'code' in thrown ? thrown.code : undefined
  const deeper = depth < 4
  return {
    name: thrown.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    message: thrown.message,
    ...(thrown.stack === undefined ? {} : { stack: thrown.stack }),
    ...(deeper && thrown.cause !== undefined ? { cause: serializeError(thrown.cause, depth + 1) } : {}),
    ...(deeper && thrown instanceof AggregateError
      ? { errors: thrown.errors.slice(0, 5).map((inner: unknown) => serializeError(inner, depth + 1)) }
      : {}),
  }
}

/** pino applies the formatter and then the serialiser: `err` arrives here a second time, already serialised. */
function isSerialized(value: unknown): value is SerializedError {
  return typeof value === 'object' && value !== null && 'name' in value && 'message' in value
}
