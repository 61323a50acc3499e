import { listen, type Listening } from '../http/listen.ts'
import type { Logger } from '../telemetry/logger.ts'
import { createPluginApp, type BundleOrReason } from './app.ts'
import { BundleError, readBundle } from './bundle.ts'
import type { PluginConfig } from './config.ts'

/** What the mode `serve-plugin` is made of. */
export interface PluginServerOptions {
  readonly config: PluginConfig
  readonly logger: Logger
}

/**
 * Serves the Dashboard extension to Rancher: static files and health, no Kubernetes access. Without a usable bundle it
 * runs and is not ready, so that /readyz can say why.
 */
export class PluginServer {
  readonly #options: PluginServerOptions
  #listening: Listening | undefined

  constructor(options: PluginServerOptions) {
    this.#options = options
  }

  /** @throws the system's error when the port cannot be opened */
  async start(): Promise<{ httpPort: number; bundle: string | undefined }> {
    const { config, logger } = this.#options
    const bundle = await this.#readBundle()
    const app = createPluginApp({ logger, bundle })
    this.#listening = await listen(app, { host: config.httpHost, port: config.httpPort })
    const served = bundle instanceof BundleError ? undefined : `${bundle.name}-${bundle.version}`
    return { httpPort: this.#listening.port, bundle: served }
  }

  /** Lets running requests end. */
  async stop(): Promise<void> {
    await this.#listening?.close()
  }

  async #readBundle(): Promise<BundleOrReason> {
    try {
      return await readBundle(this.#options.config.folder)
    } catch (error) {
      if (!(error instanceof BundleError)) throw error
      this.#options.logger.error({ err: error }, 'there is no bundle to serve')
      return error
    }
  }
}
