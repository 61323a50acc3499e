import type * as z from 'zod'
import type { MaterialKey } from '../../providers/provider.ts'
import type { Rule } from './rule.ts'

/** The blocks of spec.credentials. A provider lists those that it takes; a rule refuses the others. */
export const credentialBlocks = ['secret', 'serverIdentity'] as const
/** Name of one block of spec.credentials. */
export type CredentialBlock = (typeof credentialBlocks)[number]

/** What a provider's rules on the whole spec may look at. */
export interface SpecView<Config> {
  readonly provider: Readonly<Record<string, unknown>>
  readonly credentials: { readonly secret?: unknown; readonly serverIdentity?: unknown }
  /** The provider's own block; a rule is not asked when it is absent. */
  readonly config: Config
}

/** A rule that compares the provider's block with its surroundings. `at` is relative to spec. */
export type SpecRule<Config> = Rule<SpecView<Config>>

/** The API half of a provider: one config.ts exports one of these, and one line in v1alpha1/provider.ts lists it. */
export interface ProviderDefinition<Schema extends z.ZodType = z.ZodType> {
  readonly label: string
  readonly help: string
  readonly order: number
  readonly configSchema: Schema
  readonly credentials: readonly CredentialBlock[]
  readonly materialKeys: readonly MaterialKey[]
  /** Rules for the namespaced kind only: what a team may not say and an administrator may. */
  readonly tenantRules: readonly SpecRule<z.output<Schema>>[]
}

/** Keeps the exact schema type, so that `z.infer` of the whole spec knows the provider's fields. */
export function defineProvider<Schema extends z.ZodType>(
  definition: ProviderDefinition<Schema>,
): ProviderDefinition<Schema> {
  return definition
}
