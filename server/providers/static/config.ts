import * as z from 'zod'
import { set } from '../../api/schema/collections.ts'
import { field, named } from '../../api/schema/field.ts'
import { registryHost } from '../../api/schema/formats.ts'
import { defineProvider } from '../../api/schema/provider-definition.ts'
import type { MaterialKey } from '../provider.ts'

/** The block spec.provider.static. */
export const staticConfigSchema = named(
  'StaticConfig',
  z.strictObject({
    hosts: field(set(registryHost, { min: 1, max: 50 }), {
      label: 'Host names',
      help: 'The registries that the user name and password are for, as images spell them. For Docker Hub write docker.io.',
      example: ['registry.example.com'],
      order: 1,
    }),
  }),
)

/** As read from the API server. */
export type StaticConfig = z.output<typeof staticConfigSchema>

/** What a Secret for a fixed user name and password holds. */
export const staticMaterialKeys = [
  {
    name: 'username',
    optional: false,
    secret: false,
    label: 'User name',
    help: 'The user, robot account or token name.',
  },
  {
    name: 'password',
    optional: false,
    secret: true,
    label: 'Password',
    help: 'The password or token. Rotate it in the Secret; every namespace has the new one within seconds.',
  },
] as const satisfies readonly MaterialKey[]

/** The API half of this provider; index.ts is the other one. */
export const staticDefinition = defineProvider({
  label: 'User name and password',
  help: 'A fixed user name and password from a Secret, kept in step in every namespace of the registry.',
  order: 90,
  configSchema: staticConfigSchema,
  credentials: ['secret'],
  materialKeys: staticMaterialKeys,
  tenantRules: [],
})
