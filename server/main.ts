import { readFileSync } from 'node:fs'
import { ConfigError, loadConfig, type Config } from './config.ts'
import { Server } from './server.ts'
import { createLogger } from './telemetry/logger.ts'
import { createRedactor } from './telemetry/redact.ts'

// Composition root of the process: configuration, log, signals, exit codes. The parts meet in server.ts.
// Exit codes: 0 stopped by signal, 1 leadership lost or start failed (the orchestrator starts it anew), 2 configuration.

const config = readConfig()
const version = readVersion()
const logger = createLogger({ level: config.logLevel, redactor: createRedactor() })
let server: Server | undefined
let ending: Promise<void> | undefined

process.on('SIGTERM', () => end(0, 'SIGTERM'))
process.on('SIGINT', () => end(0, 'SIGINT'))
process.on('unhandledRejection', (error) =>
  logger.error({ err: error }, 'a promise was rejected and nobody handled it'),
)

try {
  server = new Server({ config, version, logger, onLost: (reason) => end(1, reason) })
  const ports = await server.start()
  logger.info({ version, ...ports }, 'started')
} catch (error) {
  logger.fatal({ err: error }, 'the start failed')
  end(1, 'the start failed')
}

function end(code: number, reason: string): void {
  ending ??= stop(code, reason)
}

async function stop(code: number, reason: string): Promise<void> {
  logger.info({ reason }, 'stopping')
  // An orderly stop must not hang on a peer that hangs.
  setTimeout(() => process.exit(code || 1), 20_000).unref()
  try {
    await server?.stop()
  } catch (error) {
    logger.error({ err: error }, 'the stop was not orderly')
  }
  process.exit(code)
}

function readConfig(): Config {
  try {
    return loadConfig({ env: process.env, argv: process.argv.slice(2) })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(error.exitCode)
  }
}

/** Written into the bundle at build time; from a checkout it is read from package.json. */
function readVersion(): string {
  const built = process.env['TOKEN_REGISTRIES_VERSION']
  if (built !== undefined) return built
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
