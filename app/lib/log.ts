import { pino, type DestinationStream, type Logger, type LoggerOptions } from 'pino'

export type { Logger }

/**
 * Structured log, one JSON object a line. Personal data is kept out by habit (log ids, never addresses or payloads)
 * and by this second net, which blanks the usual names if one slips through.
 */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options: LoggerOptions = {
    level,
    base: undefined,
    redact: {
      paths: [
        'email', '*.email', 'to', '*.to', 'name', '*.name', 'token', '*.token', 'accessToken', '*.accessToken',
        'refreshToken', '*.refreshToken', 'authorization', '*.authorization', 'headers', '*.headers', 'body', '*.body',
        'payload', '*.payload', 'params', 'err.params', 'err.query', 'err.response', 'err.config',
      ],
      censor: '[removed]',
    },
    serializers: {
      // A driver puts values, and shopify-api puts the session token, into messages, and a message may have many lines, which the
      // stack repeats: keep the kind and the place only.
      err: (error: unknown) =>
        error instanceof Error
          ? { type: error.name, code: (error as { code?: unknown }).code, at: error.stack?.split('\n').filter((line) => /^\s+at /.test(line)).slice(0, 5).map((line) => line.trim()) }
          : { type: typeof error },
    },
  }
  return destination ? pino(options, destination) : pino(options)
}
