import {
  blocked,
  decideAdoption,
  decideTarget,
  normaliseHost,
  isOurs,
  obstacleText,
  type KnownSecret,
} from '../core/decide-target.ts'
import { RegistryError } from '../core/errors.ts'
import { labels, pullSecretKey, pullSecretType } from '../core/names.ts'
import type { RenderedSecret } from '../core/render.ts'
import type { KubeClient, KubeRequest } from '../kube/client.ts'
import { isAlreadyExists, isConflict, isNotFound, KubeError } from '../kube/errors.ts'
import { metadataAccept } from '../kube/list.ts'
import { secretPath } from '../kube/paths.ts'
import type { PartialObjectMetadata, Secret } from '../kube/types.ts'
import { payloadOf } from './secret-cache.ts'
import type { World } from './world.ts'

/** Each round starts from what the last refusal taught; more rounds mean that somebody else writes all the time. */
const maxRounds = 5

/** One Secret to bring about. `claimedBy` is the older registry that wants the same one, and blocks this. */
export interface WantedSecret {
  readonly namespace: string
  readonly desired: RenderedSecret
  readonly registryName: string
  readonly hosts: readonly string[]
  readonly claimedBy: string | undefined
}

/** What a write came to. `adopted`: a foreign Secret that its owner had handed over was taken in place. */
export interface WriteOutcome {
  readonly outcome: 'unchanged' | 'created' | 'updated' | 'adopted'
  /** Field manager of the last edit that was not ours, when the Secret had to be read. */
  readonly editor: string | undefined
}

/** The world says what is there, and is told what was written. */
export interface SecretWriterOptions {
  readonly client: KubeClient
  readonly world: World
  /** Called in the same tick as the request is sent; throws when this process may not write any more. */
  readonly guard: () => void
  /** Whether Secrets may be made; otherwise those are filled that somebody made for it. */
  readonly mayCreate: boolean
}

/** Brings one Secret in one namespace to what is wanted. Every write carries a precondition. */
export class SecretWriter {
  readonly #client: KubeClient
  readonly #world: World
  readonly #guard: () => void
  readonly #mayCreate: boolean

  constructor({ client, world, guard, mayCreate }: SecretWriterOptions) {
    this.#client = client
    this.#world = world
    this.#guard = guard
    this.#mayCreate = mayCreate
  }

  /** @throws RegistryError NotOwner, or KubeError */
  async write(wanted: WantedSecret): Promise<WriteOutcome> {
    const { namespace, desired } = wanted
    let editor: string | undefined
    for (let round = 0; round < maxRounds; round++) {
      const existing = this.#world.secrets.get(namespace, desired.name)
      const decision = decideTarget({ namespace, existing, desired, claimedBy: wanted.claimedBy })
      switch (decision.action) {
        case 'none':
          return { outcome: 'unchanged', editor }
        case 'blocked':
          throw new RegistryError(decision.code, decision.message)
        case 'read':
          editor = lastEditor(await this.#read(namespace, desired.name))
          break
        case 'create':
          if (this.#mayCreate && (await this.#create(wanted))) return { outcome: 'created', editor }
          if (await this.#adopt(wanted)) return { outcome: 'adopted', editor }
          break
        case 'update':
          if (existing !== undefined && (await this.#update(wanted, existing)))
            return { outcome: 'updated', editor }
          break
      }
    }
    throw new RegistryError(
      'ClusterConflict',
      `Secret ${namespace}/${desired.name} changed ${maxRounds} times while it was written; it is tried again`,
    )
  }

  /** Create-only, so that a Secret that appeared meanwhile is never overwritten. */
  async #create({ namespace, desired }: WantedSecret): Promise<boolean> {
    const body = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: desired.name, namespace, labels: desired.labels, annotations: desired.annotations },
      type: pullSecretType,
      data: { [pullSecretKey]: base64(desired.payload) },
    }
    // A quota that others count down at the same moment is a conflict too, of the quota.
    const stale = (error: unknown): boolean => isAlreadyExists(error) || isConflict(error)
    return this.#send({ method: 'POST', path: secretPath(namespace), body }, namespace, desired, stale)
  }

  /** A merge patch leaves foreign data keys, labels and annotations alone, and the uid lives on. */
  async #update(
    { namespace, desired }: WantedSecret,
    existing: Pick<KnownSecret, 'uid' | 'resourceVersion'>,
  ): Promise<boolean> {
    const { uid, resourceVersion } = existing
    const body = {
      metadata: { uid, resourceVersion, labels: desired.labels, annotations: desired.annotations },
      data: { [pullSecretKey]: base64(desired.payload) },
    }
    const stale = (error: unknown): boolean => isConflict(error) || isNotFound(error)
    const request = { method: 'PATCH', path: secretPath(namespace, desired.name), body } as const
    try {
      if (await this.#send(request, namespace, desired, stale)) return true
    } catch (error) {
      if (isImmutable(error)) {
        const { code, message } = blocked(namespace, desired.name, obstacleText.immutable)
        throw new RegistryError(code, message, { cause: error })
      }
      throw error
    }
    await this.#read(namespace, desired.name)
    return false
  }

  /** Sends a write with events of this Secret held back; false when the world was not as decided by. */
  async #send(
    request: KubeRequest,
    namespace: string,
    desired: RenderedSecret,
    isStale: (error: unknown) => boolean,
  ): Promise<boolean> {
    const { secrets } = this.#world
    let written: { object: PartialObjectMetadata; payloadHash: string } | undefined
    secrets.beginWrite(namespace, desired.name)
    try {
      const object = await this.#client.request<PartialObjectMetadata>({
        ...request,
        accept: metadataAccept, // answers carry 6 kB of payload that nobody needs
        guard: this.#guard,
      })
      written = { object, payloadHash: desired.payloadHash }
      return true
    } catch (error) {
      if (isStale(error)) return false
      throw error
    } finally {
      secrets.endWrite(namespace, desired.name, written)
    }
  }

  async #read(namespace: string, name: string): Promise<Secret | undefined> {
    const { secrets } = this.#world
    secrets.beginWrite(namespace, name) // an event that overtakes the answer is told after it
    try {
      const secret = await this.#client.request<Secret>({ method: 'GET', path: secretPath(namespace, name) })
      if (isOurs(secret.metadata)) secrets.observeFull(secret)
      else secrets.forget(namespace, name)
      return secret
    } catch (error) {
      if (!isNotFound(error)) throw error
      secrets.forget(namespace, name)
      return undefined
    } finally {
      secrets.endWrite(namespace, name)
    }
  }

  /**
   * A Secret without our label stands in the way: take it over where its owner says so, else refuse.
   * @returns false when it is gone, or became ours, meanwhile
   */
  async #adopt(wanted: WantedSecret): Promise<boolean> {
    const { namespace, desired } = wanted
    const found = await this.#read(namespace, desired.name)
    if (found === undefined && !this.#mayCreate) {
      throw new RegistryError(
        'ReferenceMissing',
        `Secret ${namespace}/${desired.name} does not exist, and with rbac.secretAccess named this server makes none; ask an administrator to upgrade the chart, which makes it empty`,
      )
    }
    if (found === undefined || isOurs(found.metadata)) return false
    const { annotations = {}, uid, resourceVersion } = found.metadata
    const facts = {
      type: found.type,
      immutable: found.immutable === true,
      annotations,
      managedBy: found.metadata.labels?.[labels.managedBy] ?? found.metadata.managedFields?.[0]?.manager,
      hosts: hostsOf(payloadOf(found)),
    }
    const verdict = decideAdoption(facts, {
      namespace,
      name: desired.name,
      registryName: wanted.registryName,
      hosts: wanted.hosts,
    })
    if (verdict.action === 'blocked') throw new RegistryError(verdict.code, verdict.message)
    return this.#update(wanted, { uid, resourceVersion })
  }
}

function hostsOf(payload: string): string[] | undefined {
  try {
    const { auths } = JSON.parse(payload) as { auths?: Record<string, unknown> }
    return Object.keys(auths ?? {}).map(normaliseHost)
  } catch {
    return undefined // not a docker config: there is no password in it that could be lost
  }
}

function isImmutable(error: unknown): boolean {
  return error instanceof KubeError && error.status === 422 && error.message.includes('immutable')
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

/** Our own writes carry the name of our user agent's first part. */
const ourManager = 'token-registries'

function lastEditor(secret: Secret | undefined): string | undefined {
  const edits = (secret?.metadata.managedFields ?? []).filter(({ manager }) => manager !== ourManager)
  return edits.sort((a, b) => ((a.time ?? '') < (b.time ?? '') ? 1 : -1))[0]?.manager
}
