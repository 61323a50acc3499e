import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError, loadConfig } from './config.ts'
import { loadPluginConfig, pluginMode } from './plugin/config.ts'
import { createLogger, type LogLevel } from './telemetry/logger.ts'
import { createRedactor } from './telemetry/redact.ts'

// Composition root of the process: mode, configuration, log, signals, exit codes. The server's parts meet in server.ts.
// Exit codes: 0 stopped by signal, 1 leadership lost or start failed (the orchestrator starts it anew), 2 configuration.

/** What runs; `start` says what the log should tell. */
interface Program {
  start(): Promise<object>
  stop(): Promise<void>
}

/** Its code is loaded only when it is wanted: who serves the page pays neither for the controller nor for the clouds. */
interface Mode {
  readonly logLevel: LogLevel
  load(): Promise<Program>
}

const built = process.env['TOKEN_REGISTRIES_VERSION']
const { env } = process
const argv = process.argv.slice(2)
const mode = readConfig(argv[0] === pluginMode ? pluginProgram : serverProgram)
const version = readVersion()
const logger = createLogger({ level: mode.logLevel, redactor: createRedactor() })
let program: Program | undefined
let ending: Promise<void> | undefined

process.on('SIGTERM', () => end(0, 'SIGTERM'))
process.on('SIGINT', () => end(0, 'SIGINT'))
process.on('unhandledRejection', (error) =>
  logger.error({ err: error }, 'a promise was rejected and nobody handled it'),
)

try {
  program = await mode.load()
  const facts = await program.start()
  logger.info({ version, ...facts }, 'started')
} catch (error) {
  logger.fatal({ err: error }, 'the start failed')
  end(1, 'the start failed')
}

function serverProgram(): Mode {
  const config = loadConfig({ env, argv })
  const load = async () => {
    const { Server } = await import('./server.ts')
    return new Server({ config, version, logger, onLost: (reason) => end(1, reason) })
  }
  return { logLevel: config.logLevel, load }
}

function pluginProgram(): Mode {
  // The image holds the bundle beside the program; in a checkout it is where `npm run extension` puts it.
  const defaultFolder = join(import.meta.dirname, built === undefined ? '../dist/plugin' : 'plugin')
  const config = loadPluginConfig({ env, argv, defaultFolder })
  const load = async () => {
    const { PluginServer } = await import('./plugin/server.ts')
    return new PluginServer({ config, logger })
  }
  return { logLevel: config.logLevel, load }
}

function end(code: number, reason: string): void {
  ending ??= stop(code, reason)
}

async function stop(code: number, reason: string): Promise<void> {
  logger.info({ reason }, 'stopping')
  // An orderly stop must not hang on a peer that hangs.
  setTimeout(() => process.exit(code || 1), 20_000).unref()
  try {
    await program?.stop()
  } catch (error) {
    logger.error({ err: error }, 'the stop was not orderly')
  }
  process.exit(code)
}

function readConfig(read: () => Mode): Mode {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(error.exitCode)
  }
}

/** Written into the bundle at build time; from a checkout it is read from package.json. */
function readVersion(): string {
  if (built !== undefined) return built
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
