// A registry as the detail page takes it, and what Rancher's masthead shows of it. Light: the models import it.
import type {
  ClusterTokenRegistrySpec,
  ObjectMeta,
  RegistryStatus,
  TokenRegistrySpec,
} from '../generated/types'
import { providerMark } from './registry-provider'
import type { Translate } from './text'

/** A spec of either kind; a newer server's may lack what this page takes for given. */
export type AnySpec = Partial<TokenRegistrySpec> & Partial<ClusterTokenRegistrySpec>

/** What the page uses of the two models. */
export interface DetailRegistry {
  readonly type: string
  readonly metadata: ObjectMeta
  readonly spec?: AnySpec
  readonly status?: RegistryStatus
  /** Whether Steve offers the link to change it. */
  readonly canUpdate: boolean
  /** Asks for a refresh now; tells refusal and outcome itself, and resolves when it did. */
  refreshNow(): Promise<void>
  /** Tells refusal and outcome itself. */
  resume(): Promise<void>
}

/** An entry of the masthead, as the shell's DetailTop and Metadata take it. */
export interface MastheadDetail {
  readonly label: string
  readonly content: string
}

/** As much as is told of it. */
export type Described = Pick<DetailRegistry, 'metadata' | 'spec' | 'status'>

/**
 * For `details` of a model: what tells registries apart at a glance.
 * @param providerName of the block under spec.provider
 */
export function detailsOf(
  { status }: Pick<DetailRegistry, 'status'>,
  providerName: string,
  t: Translate,
): MastheadDetail[] {
  const { label } = providerMark(providerName)
  const entries: [string, string | undefined][] = [
    ['tokenRegistries.detail.masthead.registry', label === undefined ? providerName : t(label)],
    ['tokenRegistries.detail.masthead.identity', status?.identity],
  ]
  return entries.flatMap(([key, content]) => (content ? [{ label: t(key), content }] : []))
}
