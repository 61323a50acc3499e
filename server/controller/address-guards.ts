import { RegistryError } from '../core/errors.ts'
import type { KubeClient } from '../kube/client.ts'
import { isForbidden, isNotFound } from '../kube/errors.ts'
import { resourcePath } from '../kube/paths.ts'
import { AddressRanges, InvalidRange } from '../net/addresses.ts'
import { AddressGuard } from '../net/guard.ts'
import { fromKubeError } from './failure.ts'
import type { World } from './world.ts'

/** What the guards are made from. `now` decides how old the cluster's ranges may be. */
export interface AddressGuardsOptions {
  readonly client: Pick<KubeClient, 'request'>
  readonly world: Pick<World, 'policy'>
  readonly now: () => Date
  readonly logger: { warn(fields: object, message: string): void }
}

interface ServiceCidrList {
  readonly items: readonly { readonly spec?: { readonly cidrs?: readonly string[] } }[]
}

const path = resourcePath({ group: 'networking.k8s.io', version: 'v1', resource: 'servicecidrs' })
/** Such ranges are added once in a cluster's life; asking with a call upstream leaves an idle server idle. */
const keptMs = 10 * 60_000

/** Makes the guard of each upstream call from the policy and the Service ranges as they are then. */
export class AddressGuards {
  readonly #options: AddressGuardsOptions
  #known: { readonly services: readonly string[]; readonly at: number } | undefined
  #loading: Promise<readonly string[]> | undefined

  constructor(options: AddressGuardsOptions) {
    this.#options = options
  }

  /**
   * @param endpoints addresses that the spec names; without any the API server is not asked
   * @throws RegistryError when it cannot be known what must not be reached
   */
  async guardOf(endpoints: readonly string[]): Promise<AddressGuard> {
    const services = endpoints.length === 0 ? [] : await this.#services()
    const { allowedEndpoints, deniedCIDRs: denied } = this.#options.world.policy
    try {
      return new AddressGuard({ allowedEndpoints, ranges: new AddressRanges({ services, denied }) })
    } catch (thrown) {
      if (!(thrown instanceof InvalidRange)) throw thrown
      throw new RegistryError(
        'NotAllowed',
        `no address of a spec is used while the administrator's policy cannot be read: ${thrown.message}; an administrator must correct policy.deniedCIDRs of the chart`,
      )
    }
  }

  async #services(): Promise<readonly string[]> {
    const now = this.#options.now().getTime()
    if (this.#known !== undefined && Math.abs(now - this.#known.at) < keptMs) return this.#known.services
    this.#loading ??= this.#load().finally(() => (this.#loading = undefined))
    const services = await this.#loading
    this.#known = { services, at: now }
    return services
  }

  async #load(): Promise<readonly string[]> {
    try {
      const { items } = await this.#options.client.request<ServiceCidrList>({ method: 'GET', path })
      return items.flatMap(({ spec }) => spec?.cidrs ?? [])
    } catch (thrown) {
      if (this.#known !== undefined) return this.#known.services
      if (isNotFound(thrown)) return [] // Kubernetes before 1.33
      if (!isForbidden(thrown)) throw fromKubeError(thrown, "the cluster's ServiceCIDRs")
      this.#options.logger.warn(
        {},
        'the ranges of Services are not known, since this server may not list ServiceCIDRs; list them in policy.deniedCIDRs',
      )
      return []
    }
  }
}
