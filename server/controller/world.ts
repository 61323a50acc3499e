import type { KnownServiceAccount } from '../core/service-accounts.ts'
import { annotations, projectAnnotation } from '../core/names.ts'
import { denyAll, parsePolicy, type Policy } from '../core/policy.ts'
import type { OwnerText, Registry } from '../core/registry.ts'
import { isOlderVersion } from '../core/resource-version.ts'
import { isInScope, type Scope } from '../core/secret-access.ts'
import type { NamespaceInfo } from '../core/targets.ts'
import type { ConfigMap, Namespace, PartialObjectMetadata, ServiceAccount } from '../kube/types.ts'
import { parseRegistry, type RegistryObject } from './parse.ts'
import { SecretCache, type SecretChange } from './secret-cache.ts'

type Source = 'list' | 'event' | 'answer'

/** What happened to the caches, told to the controller. */
export interface WorldListener {
  registryChanged(owner: OwnerText): void
  registryGone(owner: OwnerText): void
  namespaceChanged(name: string, before: NamespaceInfo | undefined): void
  secretChanged(change: SecretChange): void
  /** A Secret without our label changed: it may be referenced material, or one that stands in the way. */
  foreignSecretChanged(namespace: string, name: string): void
  /** The watch on foreign Secrets had a gap: anything may have changed. */
  foreignSecretsUnknown(): void
  serviceAccountChanged(namespace: string): void
  policyChanged(): void
}

/**
 * The cluster as the watches last told it. Only this file and the secret cache hold cluster state; everything else
 * is decided from it.
 */
export class World {
  readonly registries = new Map<OwnerText, Registry>()
  readonly namespaces = new Map<string, NamespaceInfo>()
  readonly serviceAccounts = new Map<string, Map<string, KnownServiceAccount>>()
  readonly secrets: SecretCache
  policy: Policy = denyAll
  readonly #listener: WorldListener
  readonly #graceMs: number
  readonly #graceTimers = new Map<string, NodeJS.Timeout>()

  constructor(listener: WorldListener, options: { projectGraceMs: number }) {
    this.#listener = listener
    this.#graceMs = options.projectGraceMs
    this.secrets = new SecretCache((change) => listener.secretChanged(change))
  }

  /**
   * @param source `list` is believed whatever came before (a restored etcd counts from older versions); an event or
   * an answer that is older than what is known is none. An `answer` never brings back what an event saw go.
   */
  observeRegistry(object: RegistryObject, source: Source = 'event'): void {
    const next = parseRegistry(object)
    const before = this.registries.get(next.owner)
    if (source !== 'list' && isOutdated(before, next)) return
    if (source === 'answer' && before?.uid !== next.uid) return
    this.registries.set(next.owner, next)
    // Our own status writes come back as events; only what people change is news.
    const news =
      before?.uid !== next.uid ||
      before.generation !== next.generation ||
      before.refreshRequest !== next.refreshRequest
    if (news) this.#listener.registryChanged(next.owner)
  }

  registryGone(owner: OwnerText, uid?: string): void {
    const known = this.registries.get(owner)
    if (known === undefined || (uid !== undefined && known.uid !== uid)) return
    this.registries.delete(owner)
    this.#listener.registryGone(owner)
  }

  observeNamespace(object: Namespace | PartialObjectMetadata): void {
    const { name, uid, labels = {}, annotations: marks, deletionTimestamp } = object.metadata
    const before = this.namespaces.get(name)
    const project = marks?.[projectAnnotation]
    const same = before?.uid === uid
    const lost = same && project === undefined ? (before.project ?? before.formerProject) : undefined
    const next: NamespaceInfo = {
      name,
      uid,
      labels,
      project,
      formerProject: lost,
      terminating: deletionTimestamp !== undefined,
    }
    this.namespaces.set(name, next)
    if (lost !== undefined && before?.project !== undefined) this.#endGraceLater(name, uid)
    if (!sameNamespace(before, next)) this.#listener.namespaceChanged(name, before)
  }

  namespaceGone(name: string): void {
    const before = this.namespaces.get(name)
    if (!this.namespaces.delete(name)) return
    this.serviceAccounts.delete(name)
    this.#listener.namespaceChanged(name, before)
  }

  /** @param source as in `observeRegistry` */
  observeServiceAccount(object: ServiceAccount, source: Source = 'event'): void {
    const { namespace = '', name, uid, resourceVersion, annotations: marks } = object.metadata
    const accounts = this.serviceAccounts.get(namespace) ?? new Map<string, KnownServiceAccount>()
    this.serviceAccounts.set(namespace, accounts)
    const attached = (marks?.[annotations.attached] ?? '').split(',').filter((part) => part !== '')
    const pullSecrets = (object.imagePullSecrets ?? []).map((entry) => entry.name)
    const before = accounts.get(name)
    if (before?.resourceVersion === resourceVersion) return
    if (source !== 'list' && isOutdated(before, { uid, resourceVersion })) return
    if (source === 'answer' && before?.uid !== uid) return
    accounts.set(name, { namespace, name, uid, resourceVersion, pullSecrets, attached })
    this.#listener.serviceAccountChanged(namespace)
  }

  serviceAccountGone(namespace: string, name: string): void {
    this.serviceAccounts.get(namespace)?.delete(name)
  }

  /** After a complete list of a scope: what was not in it is gone. */
  retainServiceAccounts(uids: ReadonlySet<string>, scope: Scope = {}): void {
    for (const accounts of this.serviceAccounts.values()) {
      for (const [name, account] of accounts)
        if (isInScope(account, scope) && !uids.has(account.uid)) accounts.delete(name)
    }
  }

  observePolicy(object: ConfigMap | undefined): void {
    this.policy = object === undefined ? denyAll : parsePolicy(object.data)
    this.#listener.policyChanged()
  }

  foreignSecretChanged(object: PartialObjectMetadata): void {
    this.#listener.foreignSecretChanged(object.metadata.namespace ?? '', object.metadata.name)
  }

  foreignSecretsUnknown(): void {
    this.#listener.foreignSecretsUnknown()
  }

  /** Somebody who edits a namespace without its annotation (a bad apply) must not lose every pull in that moment. */
  #endGraceLater(name: string, uid: string): void {
    clearTimeout(this.#graceTimers.get(name)) // lost once more: the grace begins anew
    const timer = setTimeout(() => {
      this.#graceTimers.delete(name)
      const current = this.namespaces.get(name)
      if (current?.uid !== uid || current.formerProject === undefined) return
      this.namespaces.set(name, { ...current, formerProject: undefined })
      this.#listener.namespaceChanged(name, current)
    }, this.#graceMs)
    this.#graceTimers.set(name, timer.unref())
  }
}

interface Versioned {
  readonly uid: string
  readonly resourceVersion: string
}

function isOutdated(known: Versioned | undefined, next: Versioned): boolean {
  return known?.uid === next.uid && isOlderVersion(next.resourceVersion, known.resourceVersion)
}

function sameNamespace(a: NamespaceInfo | undefined, b: NamespaceInfo): boolean {
  if (a === undefined || a.uid !== b.uid || a.project !== b.project || a.formerProject !== b.formerProject)
    return false
  if (a.terminating !== b.terminating) return false
  const keys = Object.keys(a.labels)
  return keys.length === Object.keys(b.labels).length && keys.every((key) => a.labels[key] === b.labels[key])
}
