// A real container registry with token authentication, and the node's side of it: push and pull of small images.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureBinary } from './binary.ts'
import { runPart } from './commands.ts'
import { makeDataFolder } from './data-folder.ts'
import { freePort } from './ports.ts'
import { ServerProcess } from './server-process.ts'

/** The token authentication that the registry asks of its clients. */
export interface RegistryOptions {
  /** URL of the token server, where clients are sent with their password; 127.0.0.1 in it becomes localhost. */
  realm: string
  /** The registry's name for itself: `aud` of the tokens. */
  service: string
  /** `iss` of the tokens. */
  issuer: string
  /** PEM certificates; a token must carry one of them (or one that they signed) in its `x5c` header. */
  rootCertBundlePem: string
  /** Default: a free one. */
  port?: number
}

/** A running registry. */
export interface Registry {
  /** `127.0.0.1:<port>`, the host part of image references. */
  host: string
  /** `http://127.0.0.1:<port>` */
  url: string
  process: ServerProcess
  /** Stops it and removes its images. */
  stop(): Promise<void>
}

/** Starts a registry (plain HTTP on loopback) with its own storage on disk. Several may run at once. */
export async function startRegistry(options: RegistryOptions): Promise<Registry> {
  const { service, issuer, rootCertBundlePem, port = await freePort() } = options
  // Clients that guard against forged realms refuse private addresses there, but not names.
  const realm = options.realm.replace('://127.0.0.1', '://localhost')
  const binary = await ensureBinary()
  const data = await makeDataFolder()
  const rootcertbundle = join(data.path, 'tokens.pem')
  const configFile = join(data.path, 'registry.json')
  await writeFile(rootcertbundle, rootCertBundlePem)
  const config = {
    version: '0.1',
    log: { level: 'warn', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(data.path, 'images') }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}` },
    auth: { token: { realm, service, issuer, rootcertbundle } },
  }
  await writeFile(configFile, JSON.stringify(config))
  const server = new ServerProcess({
    part: 'registry',
    binary,
    args: ['serve', configFile],
    folder: data.path,
    // Otherwise it tries to deliver traces to a collector on loopback.
    env: { OTEL_TRACES_EXPORTER: 'none' },
  })
  const url = `http://127.0.0.1:${port}`
  const stop = async (): Promise<void> => {
    await server.stop()
    await data.remove()
  }
  server.start()
  try {
    await server.untilReady(async () => (await fetch(`${url}/v2/`)).status === 401)
  } catch (error) {
    await stop()
    throw error
  }
  return { host: `127.0.0.1:${port}`, url, process: server, stop }
}

/** Options of pull and push. */
export interface TransferOptions {
  /** Where to connect for image hosts that are not loopback, such as `{ 'r.example': '127.0.0.1:5000' }`. */
  resolve?: Record<string, string>
}

/** What a pull did, entry by entry, in the kubelet's order. */
export interface PullReport {
  /** Digest of the image, when the pull worked. */
  digest?: string
  /** User name of the entry that worked; missing after an anonymous pull. */
  username?: string
  /** How many entries of the Secrets match the image; with 0 the pull was anonymous. */
  matched: number
  /** How many layers were read to the end. */
  layers?: number
  attempts?: { username: string; secret?: string; error?: string }[]
  error?: string
}

/** A pull that no entry made possible. */
export class PullError extends Error {
  readonly report: PullReport

  constructor(image: string, report: PullReport) {
    super(`pull of ${image} with ${report.matched} matching entries failed: ${report.error}`)
    this.name = 'PullError'
    this.report = report
  }
}

/**
 * Pulls an image as a node would: the kubelet's own code chooses the entries of the Secrets, each is tried in its
 * order, and manifest and all layers are read.
 * @param secrets pull Secrets as the API server returns them, or bare contents of `.dockerconfigjson`
 * @throws PullError with every attempt
 */
export async function pullWithSecrets(
  secrets: object[],
  image: string,
  options: TransferOptions = {},
): Promise<PullReport> {
  const data = await makeDataFolder()
  try {
    const files = secrets.map((_, index) => join(data.path, `${index}.json`))
    await Promise.all(
      secrets.map((secret, i) => writeFile(files[i] ?? '', JSON.stringify(secret), { mode: 0o600 })),
    )
    const args = ['--image', image, ...resolveArguments(options), ...files]
    const { stdout, stderr } = await runPart('pull', args, { home: data.path })
    const report = parse<PullReport>(stdout, stderr)
    if (report.error !== undefined) throw new PullError(image, report)
    return report
  } finally {
    await data.remove()
  }
}

/** A push: a small made-up image, the same one for the same seed. */
export interface PushOptions extends TransferOptions {
  image: string
  /** Without one the push is anonymous. */
  username?: string
  password?: string
  seed?: number
}

/** Pushes a made-up image of two layers and returns its digest. @throws Error with the registry's answer */
export async function pushImage(options: PushOptions): Promise<string> {
  const { image, username, password = '', seed = 1 } = options
  const data = await makeDataFolder()
  try {
    const user = username === undefined ? [] : ['--username', username]
    const args = ['--image', image, '--seed', String(seed), ...user, ...resolveArguments(options)]
    const { stdout, stderr } = await runPart('push', args, { home: data.path, stdin: password })
    const { digest, error } = parse<{ digest?: string; error?: string }>(stdout, stderr)
    if (digest === undefined) throw new Error(`push of ${image} failed: ${error}`)
    return digest
  } finally {
    await data.remove()
  }
}

function resolveArguments({ resolve = {} }: TransferOptions): string[] {
  return Object.entries(resolve).flatMap(([host, address]) => ['--resolve', `${host}=${address}`])
}

function parse<T>(stdout: string, stderr: string): T {
  try {
    return JSON.parse(stdout) as T
  } catch {
    throw new Error(`the testbed binary printed no JSON: ${stdout}${stderr}`)
  }
}
