import type * as z from 'zod'
import { ecrDefinition } from '../../providers/ecr/config.ts'
import { staticDefinition } from '../../providers/static/config.ts'
import { oneBlock } from '../schema/collections.ts'
import { field, named } from '../schema/field.ts'

/** Every provider of the API; the key is the block's name under spec.provider. Adding one is one line here. */
export const providerDefinitions = {
  ecr: ecrDefinition,
  static: staticDefinition,
}

/** Name of a block under spec.provider: `ecr` or `static`. */
export type ProviderType = keyof typeof providerDefinitions
/** All of them, in the order of `providerDefinitions`. */
export const providerTypes = Object.keys(providerDefinitions) as ProviderType[]

type Blocks = {
  [Type in ProviderType]: z.ZodOptional<(typeof providerDefinitions)[Type]['configSchema']>
}

const blocks = Object.fromEntries(
  Object.entries(providerDefinitions).map(([type, { configSchema, label, help, order }]) => [
    type,
    field(configSchema.optional(), { label, help, order }),
  ]),
) as unknown as Blocks

/** spec.provider: which registry. */
export const providerSchema = named('Provider', oneBlock('provider', blocks))
/** As read from the API server: exactly one of the blocks is there. */
export type Provider = z.output<typeof providerSchema>
