import { annotations } from '../core/names.ts'
import { attachMatches, planPullSecrets, type KnownServiceAccount } from '../core/service-accounts.ts'
import type { KubeClient } from '../kube/client.ts'
import { isConflict, isNotFound, isTerminating } from '../kube/errors.ts'
import { serviceAccountPath } from '../kube/paths.ts'
import type { ServiceAccount } from '../kube/types.ts'
import type { Runtimes } from './runtime.ts'
import type { World } from './world.ts'

/** What attaching works on; `guard` is called as in ControllerOptions. */
export interface AttacherOptions {
  readonly client: KubeClient
  readonly world: World
  readonly runtimes: Runtimes
  readonly guard: () => void
}

const maxRounds = 5

/** Keeps imagePullSecrets of ServiceAccounts as registries ask, one namespace at a time. */
export class Attacher {
  readonly #options: AttacherOptions

  constructor(options: AttacherOptions) {
    this.#options = options
  }

  /** @throws KubeError, the first one; other ServiceAccounts of the namespace are done nevertheless. */
  async sync(namespace: string): Promise<void> {
    const { world } = this.#options
    const state = world.namespaces.get(namespace)
    if (state === undefined || state.terminating) return
    const errors: unknown[] = []
    for (const name of [...(world.serviceAccounts.get(namespace)?.keys() ?? [])]) {
      try {
        await this.#syncOne(namespace, name)
      } catch (error) {
        if (!isTerminating(error)) errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
  }

  async #syncOne(namespace: string, name: string): Promise<void> {
    const { client, world, guard } = this.#options
    for (let round = 0; round < maxRounds; round++) {
      const account = world.serviceAccounts.get(namespace)?.get(name)
      const change = account && planPullSecrets(account, this.#wanted(account))
      if (account === undefined || change === undefined) return
      const path = serviceAccountPath(namespace, name)
      // The list is atomic: a merge patch replaces it whole, so the version that it was computed from is a precondition.
      const body = {
        metadata: {
          uid: account.uid,
          resourceVersion: account.resourceVersion,
          annotations: {
            [annotations.attached]: change.attached.length === 0 ? null : change.attached.join(','),
          },
        },
        imagePullSecrets: change.pullSecrets.map((secret) => ({ name: secret })),
      }
      try {
        world.observeServiceAccount(
          await client.request<ServiceAccount>({ method: 'PATCH', path, body, guard }),
          'answer',
        )
        return
      } catch (error) {
        if (isNotFound(error)) return world.serviceAccountGone(namespace, name)
        if (!isConflict(error)) throw error
        world.observeServiceAccount(await client.request<ServiceAccount>({ method: 'GET', path }), 'answer')
      }
    }
  }

  /**
   * The names that shall stand in one ServiceAccount. A name is added once its Secret is there, and stays while its
   * registry or a retained Secret is there; the old name of a registry stays until the new one is there.
   */
  #wanted(account: KnownServiceAccount): Set<string> {
    const { runtimes, world } = this.#options
    const wanted = new Set<string>()
    const waiting = new Set<string>()
    for (const { registry, results } of runtimes.inNamespace(account.namespace)) {
      if (!attachMatches(registry.attach, account.name)) continue
      const there = results.get(account.namespace)?.state === 'synced'
      if (there || account.attached.includes(registry.secretName)) wanted.add(registry.secretName)
      if (!there) waiting.add(registry.owner)
    }
    for (const name of account.attached) {
      const secret = world.secrets.get(account.namespace, name)
      const owner = secret?.annotations[annotations.owner] ?? ''
      const retained =
        secret?.annotations[annotations.deletionPolicy] === 'Retain' && !world.registries.has(owner)
      if (retained || waiting.has(owner)) wanted.add(name)
    }
    return wanted
  }
}
