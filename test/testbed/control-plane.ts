// A real Kubernetes control plane on loopback: etcd, API server and controllers, with users, audit log and tools.
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Agent, buildConnector } from 'undici'
import { readAuditLog, type AuditEvent, type AuditFilter } from './audit.ts'
import { ensureBinary } from './binary.ts'
import { runPartOrThrow } from './commands.ts'
import { makeDataFolder, type DataFolder } from './data-folder.ts'
import * as flags from './flags.ts'
import { KubeClient, type KubeResponse } from './kube-client.ts'
import { kubeconfig, layOut, makePki } from './layout.ts'
import { ServerProcess } from './server-process.ts'
import { makeUsers, type KnownUser, type TestUser } from './users.ts'

/** How to start a control plane; every field has a default. */
export interface ControlPlaneOptions {
  /** Users besides admin, alice, bob, carol, dave, eve and viewer. */
  users?: TestUser[]
  /** Added at the end of the API server's command line, so they win over the usual ones. */
  apiServerFlags?: string[]
  /** Leaves the data folder with the logs on disk (also by TESTBED_KEEP=1). */
  keep?: boolean
}

/** Options of TokenRequest. */
export interface ServiceAccountTokenOptions {
  /** Default: the API server's own audience. */
  audiences?: string[]
  /** Default 3600, at least 600. */
  expirationSeconds?: number
}

/** Options of kubectl and helm: whose token (a user's name or a token, default admin) and the standard input. */
export interface ToolOptions {
  token?: string
  stdin?: string
}

/** The servers of one plane, for pause, resume, stop and start. */
export interface PlaneProcesses {
  etcd: ServerProcess
  apiServer: ServerProcess
  controllerManager: ServerProcess
}

/** A running control plane. Wherever a token is taken, the short name of a user will do. */
export class ControlPlane {
  readonly url: string
  /** The authority of the serving certificate: path and PEM. */
  readonly caFile: string
  readonly adminToken: string
  /** The cluster administrator. */
  readonly admin: KubeClient
  readonly processes: PlaneProcesses
  /** JSON lines; read it with auditEvents(). */
  readonly auditLog: string
  /** Temporary folder with data, certificates and logs. */
  readonly folder: string
  /** `iss` of ServiceAccount tokens. */
  readonly serviceAccountIssuer = flags.serviceAccountIssuer
  readonly #users: Map<string, KnownUser>
  readonly #agent: Agent
  readonly #data: DataFolder
  #ca: string
  #serviceAccountPublicKey: string
  #connect: buildConnector.connector

  /** Use startControlPlane. */
  constructor(parts: PlaneParts) {
    this.url = parts.url
    this.caFile = parts.caFile
    this.#ca = parts.ca
    this.processes = parts.processes
    this.auditLog = parts.auditLog
    this.folder = parts.data.path
    this.#serviceAccountPublicKey = parts.serviceAccountPublicKey
    this.#users = parts.users
    this.#data = parts.data
    this.#connect = buildConnector({ ca: parts.ca })
    this.#agent = new Agent({ connect: (options, callback) => this.#connect(options, callback) })
    this.adminToken = this.#token('admin')
    this.admin = this.client('admin')
  }

  /** The authority's certificate, PEM; another one after rotateCredentials(). */
  get ca(): string {
    return this.#ca
  }

  /** Public half of the ServiceAccount signing key, PEM; another one after rotateCredentials(). */
  get serviceAccountPublicKey(): string {
    return this.#serviceAccountPublicKey
  }

  /** A client with a user's rights; without a token an anonymous one. */
  client(token?: string): KubeClient {
    return new KubeClient(this.url, this.#agent, token && this.#token(token))
  }

  /** One request as somebody; answers with errors are returned, not thrown. */
  request<T = unknown>(
    token: string | undefined,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<KubeResponse<T>> {
    return this.client(token).request<T>(method, path, body, headers)
  }

  /** A pre-declared user by short name, with id, groups and token. @throws Error that lists the known names */
  user(name: string): KnownUser {
    const user = this.#users.get(name)
    if (user) return user
    throw new Error(
      `no user "${name}"; known: ${[...this.#users.keys()].join(', ')} (more by the option users)`,
    )
  }

  #token(nameOrToken: string): string {
    return this.#users.get(nameOrToken)?.token ?? nameOrToken
  }

  /** Makes a token of a ServiceAccount by TokenRequest. */
  async serviceAccountToken(
    namespace: string,
    name: string,
    options: ServiceAccountTokenOptions = {},
  ): Promise<string> {
    const { expirationSeconds = 3600, audiences } = options
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest' }
    const spec = { expirationSeconds, ...(audiences && { audiences }) }
    const made = await this.admin.create<{ status: { token: string } }>(path, { ...request, spec })
    return made.status.token
  }

  /** Writes a kubeconfig for a user or token and returns its path, inside the data folder. */
  async kubeconfig(token = 'admin'): Promise<string> {
    const secret = this.#token(token)
    const file = join(
      this.folder,
      `kubeconfig-${createHash('sha256').update(secret).digest('hex').slice(0, 12)}`,
    )
    await writeFile(file, kubeconfig(this.url, this.caFile, secret), { mode: 0o600 })
    return file
  }

  /** Runs kubectl and returns its output. @throws CommandError with its standard error */
  kubectl(args: string[], options: ToolOptions = {}): Promise<string> {
    return this.#tool('kubectl', args, options)
  }

  /** Runs helm and returns its output. @throws CommandError with its standard error */
  helm(args: string[], options: ToolOptions = {}): Promise<string> {
    return this.#tool('helm', args, options)
  }

  async #tool(part: string, args: string[], { token, stdin }: ToolOptions): Promise<string> {
    const all = [...args, '--kubeconfig', await this.kubeconfig(token)]
    return runPartOrThrow(part, all, { home: this.folder, ...(stdin !== undefined && { stdin }) })
  }

  /** Server-side apply of YAML documents; unknown fields are errors. */
  apply(yaml: string, token?: string): Promise<string> {
    const args = ['apply', '--server-side', '--force-conflicts', '--validate=strict', '-f', '-']
    return this.kubectl(args, { stdin: yaml, ...(token && { token }) })
  }

  /** The requests that the API server has finished and recorded so far. */
  auditEvents(filter?: AuditFilter): Promise<AuditEvent[]> {
    return readAuditLog(this.auditLog, filter)
  }

  /** Starts the API server (after processes.apiServer.stop()) and waits until it is ready. */
  async startApiServer(): Promise<void> {
    this.processes.apiServer.start()
    await this.processes.apiServer.untilReady(() => this.#isReady())
  }

  /** Stops and starts the API server on the same port, with the same data. */
  async restartApiServer(): Promise<void> {
    await this.processes.apiServer.stop()
    await this.startApiServer()
  }

  /** Stops and starts etcd with its data, and waits until the API server is ready again. */
  async restartEtcd(): Promise<void> {
    await this.processes.etcd.stop()
    this.processes.etcd.start()
    await this.processes.etcd.untilReady(() => this.#isReady())
  }

  /**
   * Makes a new authority, serving certificate and ServiceAccount key pair, as managed clusters do once in a while:
   * tokens of ServiceAccounts and authorities that somebody has read before are worth nothing any more. To be called
   * while the API server and the controllers are stopped; startApiServer() and the controllers then take the new ones.
   */
  async rotateCredentials(): Promise<void> {
    const { caFile, serviceAccountPublicKey } = await makePki(this.folder)
    this.#ca = await readFile(caFile, 'utf8')
    this.#serviceAccountPublicKey = await readFile(serviceAccountPublicKey, 'utf8')
    this.#connect = buildConnector({ ca: this.#ca })
  }

  async #isReady(): Promise<boolean> {
    return (await this.admin.request('GET', '/readyz')).status === 200
  }

  /** Stops everything and removes the data folder. May be called twice. */
  async stop(): Promise<void> {
    const { etcd, apiServer, controllerManager } = this.processes
    await Promise.all([controllerManager.stop(), apiServer.stop(), etcd.stop()])
    await this.#agent.destroy()
    await this.#data.remove()
  }
}

interface PlaneParts {
  url: string
  caFile: string
  ca: string
  processes: PlaneProcesses
  auditLog: string
  serviceAccountPublicKey: string
  users: Map<string, KnownUser>
  data: DataFolder
}

/**
 * Starts a control plane of its own and waits until it serves: roles aggregated, controllers at work. Takes 4 to 10
 * seconds once the binary is built, and about 650 MB of memory. Several may run at once.
 * @throws Error with the end of the log of the server that did not come up
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const binary = await ensureBinary()
  const data = await makeDataFolder(options.keep)
  const users = makeUsers(options.users)
  const { layout, url } = await layOut(data.path, users)
  const server = (part: string, args: string[]): ServerProcess =>
    new ServerProcess({ part, binary, args, folder: data.path })
  const plane = new ControlPlane({
    url,
    caFile: layout.caFile,
    ca: await readFile(layout.caFile, 'utf8'),
    auditLog: layout.auditLog,
    serviceAccountPublicKey: await readFile(layout.serviceAccountPublicKey, 'utf8'),
    users,
    data,
    processes: {
      etcd: server('etcd', flags.etcdFlags(layout)),
      apiServer: server('kube-apiserver', [
        ...flags.apiServerFlags(layout),
        ...(options.apiServerFlags ?? []),
      ]),
      controllerManager: server('kube-controller-manager', flags.controllerManagerFlags(layout)),
    },
  })
  try {
    await boot(plane)
  } catch (error) {
    await plane.stop()
    throw error
  }
  return plane
}

async function boot(plane: ControlPlane): Promise<void> {
  plane.processes.etcd.start()
  await plane.startApiServer()
  // Only now: it gives up when the API server is not healthy within ten seconds.
  const { controllerManager } = plane.processes
  controllerManager.start()
  await controllerManager.untilReady(async () => {
    const account = await plane.admin.request('GET', '/api/v1/namespaces/default/serviceaccounts/default')
    const edit = await plane.admin.get<{ rules: unknown[] | null }>(`${roles}/edit`)
    return account.status === 200 && (edit.rules?.length ?? 0) > 0
  })
}

const roles = '/apis/rbac.authorization.k8s.io/v1/clusterroles'
