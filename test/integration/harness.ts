// A cluster with the real chart, a fake AWS, and the server as a process under the chart's ServiceAccount.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { RegistryStatus } from '../../server/api/v1alpha1/index.ts'
import { canariesOf, checkCanaries } from '../canaries/plane.ts'
import type { CanaryWatch } from '../canaries/watch.ts'
import { installChart, type InstalledChart } from '../chart/install.ts'
import { startFakeAws, type FakeAws, type FakeAwsOptions } from '../fakes/aws/index.ts'
import { startControlPlane, type ControlPlane } from '../testbed/control-plane.ts'
import type { KubeObject } from '../testbed/kube-client.ts'

const root = join(import.meta.dirname, '../..')
const api = '/apis/tokenregistries.io/v1alpha1'

export interface Bed {
  readonly cp: ControlPlane
  readonly aws: FakeAws
  readonly chart: InstalledChart
  /** `host:port` of the fake's API, for the policy and for specs. */
  readonly awsAddress: string
  startServer(options?: ServerOptions): Promise<ServerProcess>
  /** Kills every server that still runs: for afterEach, so that a failed test leaves nothing to the next. */
  killServers(): Promise<void>
  /** Stops all servers, the fake and the plane. @throws AssertionError when a secret came out anywhere on the way */
  close(): Promise<void>
}

export interface ServerOptions {
  readonly name?: string
  readonly env?: Readonly<Record<string, string>>
  /** Another file than the chart's ServiceAccount would give, for example one that goes through a proxy. */
  readonly kubeconfig?: string
  /** Wait for /readyz; default true. */
  readonly ready?: boolean
  /** The program to start, for a copy with a planted bug; default `server/main.ts` of this checkout. */
  readonly main?: string
  /** A command with arguments that becomes the server, such as `unshare`: what starts the server is added to it. */
  readonly through?: readonly string[]
}

export interface BedOptions {
  readonly aws?: FakeAwsOptions
  /** More chart values; `policy.allowedEndpoints` gets the fake's address. */
  readonly values?: Record<string, unknown>
  readonly policy?: Record<string, unknown>
}

/** Whatever ends this process ends the servers too. */
const children = new Set<ChildProcess>()
process.once('exit', () => children.forEach((child) => child.kill('SIGKILL')))

/** Short waits, by settings that operators have too. */
const fastSettings: Readonly<Record<string, string>> = {
  MIN_CALL_INTERVAL_SECONDS: '0',
  BACKOFF_MIN_SECONDS: '1',
  BACKOFF_MAX_SECONDS: '2',
  PROJECT_GRACE_SECONDS: '2',
  SWEEP_INTERVAL_SECONDS: '1',
  LEASE_DURATION_SECONDS: '8',
  RENEW_DEADLINE_SECONDS: '6',
  RETRY_PERIOD_SECONDS: '1',
  LOG_LEVEL: 'debug',
}

export async function startBed(options: BedOptions = {}): Promise<Bed> {
  const [cp, aws] = await Promise.all([startControlPlane(), startFakeAws(options.aws)])
  const awsAddress = new URL(aws.endpoint).host
  const values = { ...options.values, policy: { allowedEndpoints: [awsAddress], ...options.policy } }
  const servers = new Set<ServerProcess>()
  const killServers = async (): Promise<void> => {
    await Promise.all(
      [...servers].map(async (server) => {
        await server.scrape(cp.adminToken)
        await server.kill()
      }),
    )
    servers.clear()
  }
  try {
    const chart = await installChart(cp, { values })
    return {
      cp,
      aws,
      chart,
      awsAddress,
      async startServer(serverOptions = {}) {
        const server = await startServer(cp, chart, serverOptions)
        servers.add(server)
        return server
      },
      killServers,
      async close() {
        try {
          await killServers()
          await checkCanaries(cp)
        } finally {
          await Promise.all([aws.close(), cp.stop()])
        }
      },
    }
  } catch (error) {
    await Promise.all([aws.close(), cp.stop()])
    throw error
  }
}

/** How long a server that may be paused or dying is waited for. */
const scrapeMs = 2000

/** The server's process. Its log is kept, and shown when it ends unexpectedly. All that it says is looked through for secrets. */
export class ServerProcess {
  readonly #child: ChildProcess
  readonly #name: string
  readonly #canaries: CanaryWatch
  readonly log: string[] = []
  /** Resolves when the process has ended, whatever ended it. */
  readonly exited: Promise<void>
  httpPort = 0
  metricsPort = 0

  constructor(child: ChildProcess, name: string, canaries: CanaryWatch) {
    this.#child = child
    this.#name = name
    this.#canaries = canaries
    const output = canaries.stream(`the log of ${name}`)
    const errors = canaries.stream(`stderr of ${name}`)
    child.stdout?.setEncoding('utf8').on('data', output)
    child.stderr?.setEncoding('utf8').on('data', errors)
    this.exited = new Promise((resolve) => child.once('exit', () => resolve()))
    let rest = ''
    child.stdout?.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      this.log.push(...lines)
    })
    child.stderr?.on('data', (chunk: string) => this.log.push(`stderr: ${chunk}`))
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get exitCode(): number | null {
    return this.#child.exitCode
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** The first log line with this message, as JSON; waits for it. */
  async line(message: string): Promise<Record<string, unknown>> {
    const found = await eventually(`the log line "${message}"`, () => {
      const line = this.log.find((text) => text.includes(`"msg":"${message}"`))
      if (line === undefined && this.ended)
        throw new Error(`the server ended:\n${this.log.slice(-30).join('\n')}`)
      return line
    })
    return JSON.parse(found) as Record<string, unknown>
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** Ends it and waits; SIGKILL by default. @returns the exit code, null when a signal ended it */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    if (!this.ended) {
      const exit = once(this.#child, 'exit')
      this.#child.kill(signal)
      await exit
    }
    return this.#child.exitCode
  }

  async readiness(): Promise<{ ready: boolean; checks: { name: string; ok: boolean; detail: string }[] }> {
    const { text } = await this.ask(this.httpPort, '/readyz')
    return JSON.parse(text) as Awaited<ReturnType<ServerProcess['readiness']>>
  }

  /** One request to the server's own HTTP; the answer is looked through. */
  async ask(port: number, path: string, init: RequestInit = {}): Promise<{ status: number; text: string }> {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, init)
    const text = await answer.text()
    this.#canaries.look(`${path} of ${this.#name}`, `${JSON.stringify([...answer.headers])}\n${text}`)
    return { status: answer.status, text }
  }

  /** Looks through its last metrics and readiness. A server that is paused, dying or never came up has none to tell. */
  async scrape(token: string): Promise<void> {
    if (this.ended || this.httpPort === 0) return
    const init = { headers: { authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(scrapeMs) }
    const asked = [this.ask(this.httpPort, '/readyz', init), this.ask(this.metricsPort, '/metrics', init)]
    await Promise.allSettled(asked)
  }
}

/** Starts the server under the chart's ServiceAccount; the caller ends it. */
export async function startServer(
  cp: ControlPlane,
  chart: InstalledChart,
  options: ServerOptions,
): Promise<ServerProcess> {
  const kubeconfig = options.kubeconfig ?? (await cp.kubeconfig(await chart.serverToken()))
  const args = [
    options.main ?? join(root, 'server/main.ts'),
    '--kubeconfig',
    kubeconfig,
    '--context',
    'testbed',
    '--namespace',
    chart.namespace,
  ]
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: cp.folder,
    POD_NAME: options.name ?? 'server-0',
    HTTP_PORT: '0',
    METRICS_PORT: '0',
    ...fastSettings,
    ...options.env,
  }
  const [command = '', ...rest] = [...(options.through ?? []), process.execPath, ...args]
  const child = spawn(command, rest, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  children.add(child)
  child.once('exit', () => children.delete(child))
  const server = new ServerProcess(child, env.POD_NAME, canariesOf(cp))
  if (options.ready === false) return server
  const started = await server.line('started')
  server.httpPort = Number(started['httpPort'])
  server.metricsPort = Number(started['metricsPort'])
  await eventually(
    '/readyz of the server',
    async () => ((await server.readiness()).ready ? true : undefined),
    async () => JSON.stringify(await server.readiness()),
  )
  return server
}

/**
 * Waits until the clock shows another second. Issue times and ends are whole seconds: of two credentials of one second
 * neither is newer, nor lives longer.
 */
export async function nextSecond(): Promise<void> {
  const now = Math.floor(Date.now() / 1000)
  await eventually('the next second', () => (Math.floor(Date.now() / 1000) > now ? true : undefined))
}

/**
 * Waits for a state instead of a time: asks again until there is a value.
 * @throws Error that names what did not come, with what was there instead, after 60 s
 */
export async function eventually<T>(
  what: string,
  ask: () => T | undefined | Promise<T | undefined>,
  describe: () => unknown = () => '',
): Promise<T> {
  const giveUpAt = Date.now() + 60_000
  for (;;) {
    const value = await ask()
    if (value !== undefined) return value
    if (Date.now() > giveUpAt)
      throw new Error(`waited 60 s for ${what}; instead: ${String(await describe())}`)
    await delay(25)
  }
}

/** The server's own figures, as name{labels} → value. Asked with a token that may read them. */
export async function readMetrics(bed: Bed, server: ServerProcess): Promise<Map<string, number>> {
  const { status, text } = await server.ask(server.metricsPort, '/metrics', {
    headers: { authorization: `Bearer ${bed.cp.adminToken}` },
  })
  if (status !== 200) throw new Error(`/metrics answered ${status}: ${text}`)
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => [
      line.slice(0, line.lastIndexOf(' ')),
      Number(line.slice(line.lastIndexOf(' ') + 1)),
    ]),
  )
}

/** Builders of objects and paths that tests of the loop use. */
export const registries = {
  path: (namespace: string, name = ''): string =>
    `${api}/namespaces/${namespace}/tokenregistries${name === '' ? '' : `/${name}`}`,
  clusterPath: (name = ''): string => `${api}/clustertokenregistries${name === '' ? '' : `/${name}`}`,
  ecr(
    namespace: string,
    name: string,
    bed: Pick<Bed, 'aws'>,
    spec: Record<string, unknown> = {},
    ecr: Record<string, unknown> = {},
  ): KubeObject {
    return {
      apiVersion: 'tokenregistries.io/v1alpha1',
      kind: 'TokenRegistry',
      metadata: { name, namespace },
      spec: {
        provider: {
          ecr: {
            region: 'eu-west-1',
            accounts: ['123456789012'],
            endpoint: bed.aws.endpoint,
            stsEndpoint: bed.aws.endpoint,
            ...ecr,
          },
        },
        credentials: { secret: { name: 'aws-keys' } },
        ...spec,
      },
    }
  },
}

/** A Secret as read; values are base64. */
export interface SecretView extends KubeObject {
  data: Record<string, string>
}

export interface RegistryView extends KubeObject {
  status?: RegistryStatus
}

export function condition(
  object: RegistryView,
  type: string,
): { status: string; reason: string; message: string } | undefined {
  return object.status?.conditions?.find((each) => each.type === type)
}

/** Creates the Secret with AWS keys that `registries.ecr` names. */
export async function createKeys(
  cp: ControlPlane,
  namespace: string,
  values: Readonly<Record<string, string>>,
  name = 'aws-keys',
): Promise<void> {
  await cp.admin.create(`/api/v1/namespaces/${namespace}/secrets`, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    stringData: values,
  })
}

/** Waits until a registry's status fits. */
export function untilStatus(
  cp: ControlPlane,
  path: string,
  what: string,
  fits: (object: RegistryView) => boolean,
): Promise<RegistryView> {
  return cp.admin.waitFor<RegistryView>(path, fits, { what, timeoutMs: 60_000 })
}

export function isReady(object: RegistryView): boolean {
  return (
    condition(object, 'Ready')?.status === 'True' &&
    object.status?.observedGeneration === object.metadata?.['generation']
  )
}
