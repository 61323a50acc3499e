import { group, ownerText, version } from '../core/registry.ts'
import { labels, managedByValue } from '../core/names.ts'
import type { KubeClient } from '../kube/client.ts'
import { configMapPath, namespacePath, resourcePath, secretPath, serviceAccountPath } from '../kube/paths.ts'
import { listPages } from '../kube/list.ts'
import { Reflector, type ReflectorOptions } from '../kube/reflector.ts'
import type { ConfigMap, KubeObject, PartialObjectMetadata, Secret, ServiceAccount } from '../kube/types.ts'
import type { RegistryObject } from './parse.ts'
import type { World } from './world.ts'

/** What the watches need. `namespace` is that of the policy ConfigMap. */
export interface WatchesOptions {
  readonly client: KubeClient
  readonly world: World
  readonly namespace: string
  readonly policyConfigMap: string
  /** Objects per list request. */
  readonly pageSize: number
  /** A watch without any byte for so long is opened anew. */
  readonly silenceMs: number
  readonly logger: NonNullable<ReflectorOptions<KubeObject>['logger']>
  /** A watch became complete, or lost that. */
  readonly onState: () => void
}

/** Selects the Secrets that we wrote. */
const ours = `${labels.managedBy}=${managedByValue}`

type AnyReflector = Pick<Reflector, 'start' | 'stop' | 'synced' | 'staleForMs' | 'lastError' | 'waitForSync'>

/** The watches that fill the world. Seven in all, whatever the size of the cluster. */
export class Watches {
  readonly reflectors: ReadonlyMap<string, AnyReflector>
  /** Those without which nothing may be deleted. */
  static readonly sweepRelevant = [
    'tokenregistries',
    'clustertokenregistries',
    'namespaces',
    'secrets',
  ] as const

  readonly #options: WatchesOptions

  constructor(options: WatchesOptions) {
    this.#options = options
    const { world } = options
    this.reflectors = new Map<string, AnyReflector>([
      ['tokenregistries', registryReflector('tokenregistries', options)],
      ['clustertokenregistries', registryReflector('clustertokenregistries', options)],
      [
        'namespaces',
        reflector<PartialObjectMetadata>(options, {
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
        }),
      ],
      [
        'secrets',
        reflector<PartialObjectMetadata>(options, {
          name: 'secrets',
          path: secretPath(),
          labelSelector: ours,
          metadataOnly: true,
          fullListOnly: true, // the one time that contents are read; each is hashed and dropped
          handler: {
            listed: (object) => world.secrets.observeListed(object as Secret),
            replaced: (uids) => world.secrets.retain(uids),
            event: (type, object) =>
              type === 'DELETED' ? world.secrets.observeGone(object) : world.secrets.observeMetadata(object),
          },
        }),
      ],
      [
        'foreign-secrets',
        reflector<PartialObjectMetadata>(options, {
          name: 'foreign-secrets',
          path: secretPath(),
          labelSelector: `${labels.managedBy}!=${managedByValue}`,
          fieldSelector: 'type!=helm.sh/release.v1,type!=kubernetes.io/service-account-token',
          metadataOnly: true,
          startAtNow: true,
          handler: {
            event: (_type, object) => world.foreignSecretChanged(object),
            gap: () => world.foreignSecretsUnknown(),
          },
        }),
      ],
      [
        'serviceaccounts',
        reflector<ServiceAccount>(options, {
          name: 'serviceaccounts',
          path: serviceAccountPath(),
          handler: {
            listed: (object) => world.observeServiceAccount(object, 'list'),
            replaced: (uids) => world.retainServiceAccounts(uids),
            event: (type, object) =>
              type === 'DELETED'
                ? world.serviceAccountGone(object.metadata.namespace ?? '', object.metadata.name)
                : world.observeServiceAccount(object, 'event'),
          },
        }),
      ],
      ['policy', policyReflector(options)],
    ])
  }

  start(): void {
    for (const each of this.reflectors.values()) each.start()
  }

  async stop(): Promise<void> {
    await Promise.all([...this.reflectors.values()].map((each) => each.stop()))
  }

  async waitForSync(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.reflectors.values()].map((each) => each.waitForSync(signal)))
  }

  /**
   * Reads the contents of our Secrets that changed since they were listed: on a standby that is what the leader
   * wrote. A few pages, once per take-over; without unknown contents nothing is asked.
   */
  async fillSecrets(signal: AbortSignal): Promise<void> {
    const { client, world, pageSize } = this.#options
    if ([...world.secrets.all()].every(({ payloadHash }) => payloadHash !== undefined)) return
    const list = { client, path: secretPath(), query: { labelSelector: ours }, pageSize, signal }
    await listPages<Secret>(
      list,
      (secret) => world.secrets.fill(secret),
      () => undefined,
    )
  }

  /** Whether what the sweep relies on was listed to the end, with nothing lost since. */
  get complete(): boolean {
    return Watches.sweepRelevant.every((name) => this.reflectors.get(name)?.synced === true)
  }
}

function reflector<T extends KubeObject>(
  { client, logger, onState, pageSize, silenceMs }: WatchesOptions,
  options: Omit<ReflectorOptions<T>, 'client' | 'logger' | 'onState'>,
): Reflector<T> {
  return new Reflector<T>({ ...options, client, logger, onState, pageSize, silenceMs })
}

function registryReflector(
  resource: 'tokenregistries' | 'clustertokenregistries',
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
