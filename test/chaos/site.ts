// What one run of one row has for itself: namespaces, registries, identities, servers. All names begin with its id.
import { setTimeout as delay } from 'node:timers/promises'
import type { ApiProxy } from '../fakes/api-proxy.ts'
import type { AccessKey, FakeAws } from '../fakes/aws/index.ts'
import { createKeys, registries, type RegistryView, type SecretView } from '../integration/harness.ts'
import type { ControlPlane } from '../testbed/control-plane.ts'
import type { KubeObject } from '../testbed/kube-client.ts'
import { createNamespace, projectKey, type NamespaceOptions } from '../testbed/rancher.ts'
import type { ChaosBed } from './bed.ts'
import { readEndState, isConverged, type EndState } from './end-state.ts'
import { Observer } from './observer.ts'
import { Replica, type ReplicaOptions } from './replica.ts'

const api = '/apis/tokenregistries.io/v1alpha1'
const refreshAnnotation = 'tokenregistries.io/refresh-requested-at'

/** Short, and yet long enough for a machine on which a process may wait for a second before it runs. */
const roomyLease = { LEASE_DURATION_SECONDS: '8', RENEW_DEADLINE_SECONDS: '6' }

export interface SiteOptions {
  /** Whether `fault` does anything. */
  readonly faulty: boolean
  readonly random: () => number
  /** Settings of every server of the site. */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** The server's program, when it is not the checkout's. */
  readonly main?: string | undefined
}

export class Site {
  readonly id: string
  readonly bed: ChaosBed
  /** Random numbers that the seed repeats. */
  readonly random: () => number
  readonly replicas: Replica[] = []
  /** Milliseconds since the epoch. */
  readonly openedAt = Date.now()
  /** All versions of all Secrets of the cluster since the site was opened. */
  readonly secrets: Observer<SecretView>
  /** `namespace` or `namespace/name` (full names) of what a row removes or replaces on purpose. */
  readonly mayVanish = new Set<string>()
  /** Resource versions of Secrets that the row wrote itself. */
  readonly foreignVersions = new Set<string>()
  /** Keys of its IAM users by name. */
  readonly users = new Map<string, AccessKey>()
  /** How long `until` waits, in milliseconds. */
  patienceMs = 60_000
  readonly #options: SiteOptions
  readonly #clusterRegistries = new Set<string>()
  readonly #namespaces = new Set<string>()
  #requests = 0

  private constructor(bed: ChaosBed, id: string, secrets: Observer<SecretView>, options: SiteOptions) {
    this.bed = bed
    this.id = id
    this.secrets = secrets
    this.random = options.random
    this.#options = options
  }

  static async open(bed: ChaosBed, options: SiteOptions): Promise<Site> {
    await bed.repair()
    bed.bed.aws.resetCounters()
    bed.upstream.resetCounters()
    bed.api.faults.random = options.random
    const secrets = await Observer.start<SecretView>(bed.bed.cp, '/api/v1/secrets')
    return new Site(bed, bed.nextSiteId(), secrets, options)
  }

  get cp(): ControlPlane {
    return this.bed.bed.cp
  }

  get api(): ApiProxy {
    return this.bed.api
  }

  get aws(): FakeAws {
    return this.bed.bed.aws
  }

  /** The first replica, for rows that have only that. */
  get replica(): Replica {
    const [first] = this.replicas
    if (first === undefined) throw new Error('this site has no server yet')
    return first
  }

  /** GetAuthorizationToken calls since the site was opened, whatever came of them. */
  get upstreamCalls(): number {
    return this.aws.log.count('GetAuthorizationToken')
  }

  /** The full name of a namespace, a cluster registry, or a Secret of the server's namespace. */
  full(name: string): string {
    return `${this.id}-${name}`
  }

  /** Does this only in the run with faults. */
  async fault(act: () => unknown): Promise<void> {
    if (this.#options.faulty) await act()
  }

  /** Waits for a state instead of a time. @throws Error that names what did not come, with what was there instead */
  async until<T>(
    what: string,
    ask: () => T | undefined | false | Promise<T | undefined | false>,
    describe: () => unknown = () => '',
  ): Promise<T> {
    const giveUpAt = Date.now() + this.patienceMs
    for (;;) {
      const value = await ask()
      if (value !== undefined && value !== false) return value
      if (Date.now() > giveUpAt) {
        throw new Error(
          `waited ${this.patienceMs / 1000} s for ${what}; instead: ${String(await describe())}`,
        )
      }
      await delay(25)
    }
  }

  /** Starts a replica and waits until it is ready, unless told not to. The names of replicas differ. */
  async startServer(options: Partial<ReplicaOptions> & { readonly ready?: boolean } = {}): Promise<Replica> {
    const { ready = true, name = `server-${this.replicas.length}`, via = 'http', env } = options
    const { main } = this.#options
    const replica = await Replica.start(this.bed, this.id, {
      name,
      via,
      main,
      env: { ...roomyLease, ...this.#options.env, ...env },
    })
    this.replicas.push(replica)
    if (ready)
      await this.until(
        `${name} to be ready`,
        () => replica.isReady(),
        () => replica.log.slice(-5).join('\n'),
      )
    return replica
  }

  /** Makes a namespace that the cluster registries of the site select, unless other labels are given. */
  async addNamespace(name: string, options: NamespaceOptions = {}): Promise<string> {
    const full = this.full(name)
    this.#namespaces.add(full)
    await createNamespace(this.cp, full, { ...options, labels: options.labels ?? { chaos: this.id } })
    return full
  }

  /** Makes an IAM user and a Secret with its key. @param namespace full name */
  async addKeys(user: string, namespace: string, secret: string): Promise<void> {
    const key = this.aws.world.addUser({ name: this.full(user) })
    this.users.set(user, key)
    const { accessKeyId, secretAccessKey } = key
    await createKeys(this.cp, namespace, { accessKeyId, secretAccessKey }, secret)
  }

  /** Makes a ClusterTokenRegistry, over the namespaces with the site's label unless told else, with an identity of its own. */
  async addClusterRegistry(name: string, spec: Record<string, unknown> = {}): Promise<void> {
    const full = this.full(name)
    this.#clusterRegistries.add(full)
    await this.addKeys(name, this.bed.bed.chart.namespace, `${full}-keys`)
    const selection = { selector: { matchLabels: { chaos: this.id } }, trustLabelsAndNames: true }
    const { spec: own } = this.#ecr('x', full, { credentials: { secret: { name: `${full}-keys` } }, ...spec })
    await this.cp.admin.create(`${api}/clustertokenregistries`, {
      apiVersion: 'tokenregistries.io/v1alpha1',
      kind: 'ClusterTokenRegistry',
      metadata: { name: full },
      spec: { namespaces: selection, ...(own as object) },
    })
  }

  /** Makes a namespace with keys (Secret `aws-keys`) and a TokenRegistry of that name, with an identity of its own. */
  async addRegistry(name: string, spec: Record<string, unknown> = {}): Promise<void> {
    const namespace = await this.addNamespace(name, { labels: {} })
    await this.addKeys(name, namespace, 'aws-keys')
    await this.cp.admin.create(registries.path(namespace), this.#ecr(namespace, name, spec))
  }

  #ecr(namespace: string, name: string, spec: Record<string, unknown>): KubeObject {
    const endpoint = this.bed.upstreamUrl
    return registries.ecr(namespace, name, this.bed.bed, spec, { endpoint, stsEndpoint: endpoint })
  }

  /** API paths of the site's registries. */
  async registryPaths(): Promise<string[]> {
    return (await this.registryObjects()).map(({ path }) => path)
  }

  /** The site's registries as they are now. */
  async registryObjects(): Promise<{ path: string; object: RegistryView }[]> {
    const [own, cluster] = await Promise.all(
      ['tokenregistries', 'clustertokenregistries'].map((plural) =>
        this.cp.admin.get<{ items: RegistryView[] }>(`${api}/${plural}`),
      ),
    )
    return [
      ...(own?.items ?? []).map((object) => {
        const { namespace = '', name } = object.metadata ?? {}
        return { path: registries.path(namespace, name), object }
      }),
      ...(cluster?.items ?? []).map((object) => ({
        path: registries.clusterPath(object.metadata?.name),
        object,
      })),
    ].filter(({ object: { metadata } }) =>
      `${metadata?.namespace ?? metadata?.name}-`.startsWith(`${this.id}-`),
    )
  }

  /**
   * Asks for a refresh of all registries, by annotation. Waits for the next second before, since times in annotations
   * are whole seconds and the age of two credentials of one second could not be told apart.
   */
  async refresh(): Promise<void> {
    const second = Math.floor(Date.now() / 1000)
    await this.until('the next second', () => Math.floor(Date.now() / 1000) > second)
    this.#requests++
    const metadata = { annotations: { [refreshAnnotation]: `request-${this.#requests}` } }
    for (const path of await this.registryPaths()) await this.cp.admin.patch(path, { metadata })
  }

  /** One Secret as it is now, undefined when there is none. @param namespace short name, as addNamespace has it */
  async secret(namespace: string, name: string): Promise<SecretView | undefined> {
    const path = `/api/v1/namespaces/${this.full(namespace)}/secrets/${name}`
    const { status, body } = await this.cp.admin.request<SecretView>('GET', path)
    return status === 200 ? body : undefined
  }

  /** Changes a Secret as somebody else would; the witness then knows that this version is not the server's. */
  async tamper(namespace: string, name: string, patch: unknown): Promise<void> {
    const path = `/api/v1/namespaces/${this.full(namespace)}/secrets/${name}`
    const { metadata } = await this.cp.admin.patch(path, patch)
    this.foreignVersions.add(metadata?.resourceVersion ?? '')
  }

  endState(): Promise<EndState> {
    return readEndState(this)
  }

  /** The last lines that each replica has logged, for failures. */
  logTail(): string {
    return this.replicas
      .map(({ name, log, restarts }) => `${name}, restarted ${restarts} times:\n${log.slice(-15).join('\n')}`)
      .join('\n')
  }

  /** Waits until everybody is Ready with the newest credential, in all namespaces that there are, and no request is open. */
  async untilConverged(): Promise<EndState> {
    return this.until(
      'all registries Ready with the newest credential everywhere',
      async () => {
        if (!(await this.#allAreCounted())) return undefined
        const state = await this.endState()
        return isConverged(state) && state
      },
      async () => `${JSON.stringify(await this.endState(), null, 1)}\n${this.logTail()}`,
    )
  }

  /** Whether each cluster registry counts as many namespaces as it selects: a server that has not heard of one is Ready too. */
  async #allAreCounted(): Promise<boolean> {
    const { items } = await this.cp.admin.get<{ items: KubeObject[] }>('/api/v1/namespaces')
    const there = items.filter(({ metadata }) => metadata?.['deletionTimestamp'] === undefined)
    const objects = (await this.registryObjects()).map(({ object }) => object)
    return objects
      .filter(({ metadata }) => metadata?.namespace === undefined)
      .every((object) => {
        const { namespaces } = object['spec'] as { namespaces: NamespaceSelection }
        return object.status?.targets?.desired === there.filter((each) => isSelected(each, namespaces)).length
      })
  }

  /** Waits until the witness has seen all that was written so far. */
  async untilWitnessed(): Promise<void> {
    const name = this.full('witness')
    const path = '/api/v1/namespaces/default/secrets'
    const { metadata } = await this.cp.admin.create(path, { metadata: { name } })
    await this.until('the witness to see the last version', () =>
      this.secrets.versions.some(({ object }) => object.metadata?.uid === metadata?.uid),
    )
    await this.cp.admin.delete(`${path}/${name}`)
  }

  /** Stops the servers and removes what was made; namespaces go in the background. */
  async close(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.close()))
    await this.bed.repair()
    await this.secrets.close()
    const { admin } = this.cp
    const { namespace } = this.bed.bed.chart
    const paths = [
      ...[...this.#clusterRegistries].map((name) => registries.clusterPath(name)),
      ...[...this.#clusterRegistries].map((name) => `/api/v1/namespaces/${namespace}/secrets/${name}-keys`),
      ...[...this.#namespaces].flatMap((name) => [registries.path(name), `/api/v1/namespaces/${name}`]),
      // A server that was killed holds it for some seconds, for which the next one would wait.
      `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/token-registries`,
    ]
    await Promise.all(paths.map((path) => admin.request('DELETE', path)))
  }
}

/** Namespaces of the cluster registry `base` of the standard setup. */
export const standardNamespaces = ['a', 'b', 'c', 'd', 'e'] as const

/**
 * One ClusterTokenRegistry `base` over five namespaces, one TokenRegistry `own` in a namespace of its own, an identity
 * for each, and one server. Takes two upstream calls.
 */
export async function standardSetup(site: Site): Promise<void> {
  await Promise.all(standardNamespaces.map((name) => site.addNamespace(name)))
  await site.addClusterRegistry('base')
  await site.addRegistry('own')
  await site.startServer()
  await site.untilConverged()
}

/** The story of most rows: a refresh is asked for and a namespace comes. Two upstream calls more. */
export async function refreshAndGrow(site: Site): Promise<void> {
  await site.refresh()
  await site.addNamespace('late')
}

/** What the site's cluster registries say of their namespaces. */
interface NamespaceSelection {
  readonly projects?: readonly string[]
  readonly selector?: { readonly matchLabels: Readonly<Record<string, string>> }
}

function isSelected({ metadata }: KubeObject, { projects = [], selector }: NamespaceSelection): boolean {
  const { labels = {}, annotations = {} } = metadata ?? {}
  const byLabels =
    selector !== undefined &&
    Object.entries(selector.matchLabels).every(([key, value]) => labels[key] === value)
  return byLabels || projects.includes(annotations[projectKey] ?? '')
}
