import type { Provider, ProviderType } from '../api/v1alpha1/provider.ts'
import { ecr } from './ecr/index.ts'
import type { TokenProvider } from './provider.ts'
import { staticProvider } from './static/index.ts'

/** Every provider of this server, by the name of its block under spec.provider. */
export const providers: Readonly<Record<ProviderType, TokenProvider>> = {
  ecr,
  static: staticProvider,
}

/** A provider with the block of a spec that belongs to it. */
export interface ChosenProvider {
  readonly provider: TokenProvider
  /** Parsed by `provider.configSchema` before; only that provider's methods take it. */
  readonly config: unknown
}

/** The provider of `spec.provider`; undefined when a newer API names one that this server does not have. */
export function providerOf(block: Provider): ChosenProvider | undefined {
  for (const [type, config] of Object.entries(block)) {
    if (config !== undefined && isKnown(type)) return { provider: providers[type], config }
  }
  return undefined
}

function isKnown(type: string): type is ProviderType {
  return Object.hasOwn(providers, type)
}
