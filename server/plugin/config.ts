import { existsSync } from 'node:fs'
import * as z from 'zod'
import { ConfigError, httpPort, logLevel, withoutEmpty, type ConfigInput } from '../config.ts'

/** The first argument that chooses this mode. */
export const pluginMode = 'serve-plugin'

/** Environment variable → what it may hold. The order is that of docs/configuration.md, which a test compares. */
export const pluginVariables = z.object({
  HTTP_HOST: z.string().optional(),
  HTTP_PORT: httpPort,
  LOG_LEVEL: logLevel,
  PLUGIN_FOLDER: z.string().optional(),
})

/** What `serve-plugin` needs to know. */
export interface PluginConfig {
  /** undefined = all addresses, IPv6 and IPv4. Outside of a cluster only this machine. */
  readonly httpHost: string | undefined
  /** 0 = any free port. */
  readonly httpPort: number
  readonly logLevel: z.output<typeof logLevel>
  /** Where the bundle lies. */
  readonly folder: string
}

/** What `loadPluginConfig` reads, as values. */
export interface PluginConfigInput extends ConfigInput {
  /** Taken when PLUGIN_FOLDER is not set; need not exist, since /readyz says what is wrong with it. */
  readonly defaultFolder: string
}

/**
 * Reads the environment of the mode `serve-plugin`; it takes no arguments beside its name.
 *
 * @throws {ConfigError} with all problems.
 */
export function loadPluginConfig(input: PluginConfigInput): PluginConfig {
  const { argv, defaultFolder, fileExists = existsSync } = input
  const env = withoutEmpty(input.env)
  const parsed = pluginVariables.safeParse(env)
  const problems = (parsed.error?.issues ?? []).map(({ path: [name], message }) => {
    const variable = String(name)
    return { variable, value: env[variable], remedy: message }
  })
  const folder = env['PLUGIN_FOLDER']
  if (folder !== undefined && !fileExists(folder)) {
    const remedy = 'there is no such folder; name one that holds a bundle, or leave it out'
    problems.push({ variable: 'PLUGIN_FOLDER', value: folder, remedy })
  }
  if (argv.length > 1) {
    const remedy = `takes no further arguments, only environment variables: see docs/configuration.md`
    problems.push({ variable: pluginMode, value: argv.slice(1).join(' '), remedy })
  }
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems)
  const inPod = env['KUBERNETES_SERVICE_HOST'] !== undefined
  return {
    httpHost: parsed.data.HTTP_HOST ?? (inPod ? undefined : '127.0.0.1'),
    httpPort: parsed.data.HTTP_PORT,
    logLevel: parsed.data.LOG_LEVEL,
    folder: folder ?? defaultFolder,
  }
}
