import { group, ownerText, version } from '../core/registry.ts'
import { isOurs } from '../core/decide-target.ts'
import { isInScope, pullSecretScopes, type Scope, type SecretAccess } from '../core/secret-access.ts'
import { isForbidden, isNotFound } from '../kube/errors.ts'
import { configMapPath, namespacePath, resourcePath, secretPath } from '../kube/paths.ts'
import { listPages } from '../kube/list.ts'
import { Reflector, type ReflectorOptions } from '../kube/reflector.ts'
import type { ConfigMap, KubeObject, PartialObjectMetadata, Secret } from '../kube/types.ts'
import type { RegistryObject } from './parse.ts'
import { basicsOf, ours, scopedWatches, type AnyReflector, type WatchBasics } from './scoped-watches.ts'
import type { World } from './world.ts'

/** What the watches need. `namespace` is the server's own, with the policy ConfigMap. */
export interface WatchesOptions extends WatchBasics {
  readonly world: World
  readonly namespace: string
  readonly policyConfigMap: string
  /** How far the rights on Secrets and ServiceAccounts reach. */
  readonly access: SecretAccess
}

const registryResources = ['tokenregistries', 'clustertokenregistries'] as const

/** How the watches of one resource are doing together. */
export interface WatchState {
  readonly name: string
  /** Listed to the end, and nothing lost since. */
  readonly synced: boolean
  /** Milliseconds since the API server was last heard of on the most silent of them; Infinity before the first time. */
  readonly staleMs: number
  readonly lastError: string | undefined
}

/** The watches that fill the world. Seven in all where the rights reach everywhere, whatever the size of the cluster. */
export class Watches {
  readonly #byResource: ReadonlyMap<string, readonly AnyReflector[]>
  /** Those without which nothing may be deleted. */
  static readonly sweepRelevant = [
    'tokenregistries',
    'clustertokenregistries',
    'namespaces',
    'secrets',
  ] as const
  /** Rights that the chart gives place by place may be missing in one: its namespace was deleted, and the Role with it. */
  static readonly #perPlace: readonly string[] = ['secrets', 'foreign-secrets', 'serviceaccounts']

  readonly #options: WatchesOptions

  constructor(options: WatchesOptions) {
    this.#options = options
    this.#byResource = new Map<string, readonly AnyReflector[]>([
      ...registryResources.map((resource): [string, AnyReflector[]] => [
        resource,
        [registryReflector(resource, options)],
      ]),
      ['namespaces', [namespaceReflector(options)]],
      ...scopedWatches(options),
      ['policy', [policyReflector(options)]],
    ])
  }

  start(): void {
    for (const each of this.#all()) each.start()
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all().map((each) => each.stop()))
  }

  async waitForSync(signal: AbortSignal): Promise<void> {
    const waits = [...this.#byResource].flatMap(([resource, all]) =>
      all.map((each) => each.waitForSync(signal, this.#mayMiss(resource))),
    )
    await Promise.all(waits)
  }

  /** One entry for each resource. Says nothing of places: readiness and metrics are for people of all teams. */
  states(): WatchState[] {
    return [...this.#byResource].map(([name, all]) => {
      const inReach = all.filter((each) => !(this.#mayMiss(name) && each.forbidden))
      const failing = inReach.filter(({ lastError }) => lastError !== undefined)
      const several = `${failing.length} of ${all.length} watches fail, see the log`
      return {
        name,
        synced: inReach.every(({ synced }) => synced),
        staleMs: Math.max(0, ...inReach.map((each) => each.staleForMs())),
        lastError: failing.length === 0 ? undefined : all.length === 1 ? failing[0]?.lastError : several,
      }
    })
  }

  /**
   * What a new leader must know of the last one's work: a watch may be behind it, and tells of Secrets without their
   * contents. Begun after the Lease was taken, these lists hold all that was written before. A few pages, once.
   * @throws KubeError
   */
  async catchUp(signal: AbortSignal): Promise<void> {
    const { client, world, pageSize } = this.#options
    for (const resource of registryResources) {
      const path = resourcePath({ group, version, resource })
      const observe = (object: RegistryObject): void => void world.observeRegistry(object, 'list')
      await listPages({ client, path, pageSize, signal }, observe, () => undefined)
    }
    await this.#readSecrets(
      signal,
      () => true,
      (secret) => world.secrets.observeListed(secret),
    )
  }

  /** Reads the contents of our Secrets that changed while they were listed; without such nothing is asked. */
  async fillSecrets(signal: AbortSignal): Promise<void> {
    const { secrets } = this.#options.world
    const unknown = [...secrets.all()].filter(({ payloadHash }) => payloadHash === undefined)
    const isUnknown = (scope: Scope): boolean => unknown.some((secret) => isInScope(secret, scope))
    await this.#readSecrets(signal, isUnknown, (secret) => secrets.fill(secret))
  }

  async #readSecrets(
    signal: AbortSignal,
    wanted: (scope: Scope) => boolean,
    visit: (secret: Secret) => void,
  ): Promise<void> {
    const { client, pageSize, access } = this.#options
    for (const scope of pullSecretScopes(access).filter(wanted)) {
      const { namespace, name } = scope
      const path = secretPath(namespace, name)
      const query = { labelSelector: ours }
      try {
        if (name === undefined)
          await listPages({ client, path, query, pageSize, signal }, visit, () => undefined)
        else {
          const secret = await client.request<Secret>({ method: 'GET', path, signal })
          if (isOurs(secret.metadata)) visit(secret)
        }
      } catch (error) {
        // One place whose Role is gone holds nobody else up; what is unknown is read before it is written.
        if (access.mode === 'cluster' || !(isForbidden(error) || isNotFound(error))) throw error
      }
    }
  }

  /** Whether what the sweep relies on was listed to the end, with nothing lost since. */
  get complete(): boolean {
    const states = new Map(this.states().map(({ name, synced }) => [name, synced]))
    return Watches.sweepRelevant.every((name) => states.get(name) === true)
  }

  #all(): AnyReflector[] {
    return [...this.#byResource.values()].flat()
  }

  #mayMiss(resource: string): boolean {
    return this.#options.access.mode !== 'cluster' && Watches.#perPlace.includes(resource)
  }
}

function reflector<T extends KubeObject>(
  basics: WatchBasics,
  options: Omit<ReflectorOptions<T>, keyof WatchBasics>,
): Reflector<T> {
  return new Reflector<T>({ ...options, ...basicsOf(basics) })
}

function namespaceReflector(options: WatchesOptions): AnyReflector {
  const { world } = options
  return reflector<PartialObjectMetadata>(options, {
    name: 'namespaces',
    path: namespacePath(),
    metadataOnly: true,
    handler: {
      listed: (object) => world.observeNamespace(object),
      replaced: (uids) =>
        [...world.namespaces.values()]
          .filter(({ uid }) => !uids.has(uid))
          .forEach(({ name }) => world.namespaceGone(name)),
      event: (type, object) =>
        type === 'DELETED' ? world.namespaceGone(object.metadata.name) : world.observeNamespace(object),
    },
  })
}

function registryReflector(
  resource: (typeof registryResources)[number],
  options: WatchesOptions,
): AnyReflector {
  const { world } = options
  const kind = resource === 'tokenregistries' ? 'TokenRegistry' : 'ClusterTokenRegistry'
  const owner = ({ metadata }: KubeObject): string =>
    ownerText({ kind, namespace: metadata.namespace ?? '', name: metadata.name })
  return reflector<RegistryObject>(options, {
    name: resource,
    path: resourcePath({ group, version, resource }),
    handler: {
      listed: (object) => world.observeRegistry(object, 'list'),
      replaced: (uids) =>
        [...world.registries.values()]
          .filter((registry) => registry.ref.kind === kind && !uids.has(registry.uid))
          .forEach((registry) => world.registryGone(registry.owner)),
      event: (type, object) =>
        type === 'DELETED'
          ? world.registryGone(owner(object), object.metadata.uid)
          : world.observeRegistry(object, 'event'),
    },
  })
}

function policyReflector(options: WatchesOptions): AnyReflector {
  const { world, namespace, policyConfigMap } = options
  let seen = false
  return reflector<ConfigMap>(options, {
    name: 'policy',
    path: configMapPath(namespace),
    fieldSelector: `metadata.name=${policyConfigMap}`,
    handler: {
      listed: (object) => {
        seen = true
        world.observePolicy(object)
      },
      replaced: () => {
        if (!seen) world.observePolicy(undefined)
        seen = false
      },
      event: (type, object) => world.observePolicy(type === 'DELETED' ? undefined : object),
    },
  })
}
