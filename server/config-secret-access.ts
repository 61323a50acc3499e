import * as z from 'zod'
import type { SecretAccess } from './core/secret-access.ts'

const label = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?'
const name = '[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?'

/** Words with spaces between, each once. */
const words = (each: RegExp, what: string) =>
  z
    .string()
    .transform((text) => new Set(text.split(/\s+/).filter((word) => word !== '')))
    .refine((set) => [...set].every((word) => each.test(word)), `must be ${what}, with spaces between`)
    .optional()

const objects = () => words(new RegExp(`^${label}/${name}$`), '<namespace>/<name> of objects')

/** What the chart sets from `rbac`: the rights that this server has, so that it does not try what is refused. */
export const secretAccessVariables = {
  SECRET_ACCESS: z
    .enum(['cluster', 'namespaces', 'named'], 'must be `cluster`, `namespaces` or `named`')
    .default('cluster'),
  SECRET_NAMESPACES: words(new RegExp(`^${label}$`), 'names of namespaces'),
  NAMED_PULL_SECRETS: objects(),
  NAMED_CREDENTIALS: objects(),
  NAMED_SERVICE_ACCOUNTS: objects(),
} as const

const none: ReadonlySet<string> = new Set()

type Variables = z.output<z.ZodObject<typeof secretAccessVariables>>

/** The variables as the one value that the server decides by. */
export function toSecretAccess(env: Variables): SecretAccess {
  switch (env.SECRET_ACCESS) {
    case 'cluster':
      return { mode: 'cluster' }
    case 'namespaces':
      return { mode: 'namespaces', namespaces: env.SECRET_NAMESPACES ?? none }
    case 'named':
      return {
        mode: 'named',
        pullSecrets: env.NAMED_PULL_SECRETS ?? none,
        credentials: env.NAMED_CREDENTIALS ?? none,
        serviceAccounts: env.NAMED_SERVICE_ACCOUNTS ?? none,
      }
  }
}
