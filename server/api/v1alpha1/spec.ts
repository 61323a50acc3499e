import * as z from 'zod'
import type { SpecView } from '../schema/provider-definition.ts'
import { credentialBlocks, type CredentialBlock } from '../schema/provider-definition.ts'
import { field } from '../schema/field.ts'
import { refersTo } from '../schema/reference.ts'
import { celList, type Rule } from '../schema/rule.ts'
import { credentialsSchema, type Credentials } from './credentials.ts'
import { providerDefinitions, providerSchema, type Provider } from './provider.ts'
import { refreshSchema } from './refresh.ts'
import { secretSchema } from './secret.ts'
import { serviceAccountsSchema } from './service-accounts.ts'

/** The fields that both registry kinds have. */
export const commonFields = {
  provider: field(providerSchema, {
    label: 'Registry',
    help: 'Which registry the images come from. Exactly one block.',
    order: 1,
    group: 'Image',
  }),
  credentials: field(credentialsSchema, {
    label: 'Identity',
    help: 'As whom to ask for the password. Exactly one block. Credentials themselves never stand in this object.',
    order: 2,
    group: 'Identity',
  }),
  secret: field(secretSchema.optional(), {
    label: 'Pull Secret',
    help: 'The Secret that is written for pods to pull with.',
    order: 4,
    group: 'Advanced',
  }),
  serviceAccounts: field(refersTo('serviceAccountEdit', serviceAccountsSchema).default({ attach: 'None' }), {
    label: 'ServiceAccounts',
    help: 'Which ServiceAccounts get the pull Secret, so that pods need not name it.',
    order: 5,
    group: 'Who may pull',
  }),
  refresh: field(refreshSchema.optional(), {
    label: 'Refresh',
    help: 'When to ask for a new credential if it does not say itself how long it lives.',
    order: 6,
    group: 'Advanced',
  }),
  suspend: field(z.boolean().default(false), {
    label: 'Suspended',
    help: 'Stop asking for new credentials. What was written stays until it expires.',
    example: true,
    order: 7,
    group: 'Advanced',
  }),
  deletionPolicy: field(z.enum(['Delete', 'Retain']).default('Delete'), {
    label: 'When this is deleted',
    help: 'Whether the pull Secrets are removed with this object (Delete) or stay until somebody removes them (Retain).',
    example: 'Retain',
    order: 8,
    group: 'Advanced',
  }),
}

interface CommonSpec {
  readonly provider: Provider
  readonly credentials: Credentials
}

/** Which credentials, and which keys of a Secret, each provider takes. Follows from the definitions alone. */
export function providerRules(): Rule<CommonSpec>[] {
  return Object.entries(providerDefinitions).flatMap(([type, definition]) => [
    ...credentialBlocks
      .filter((block) => !definition.credentials.includes(block))
      .map((block) => refusedCredentials(type, block, definition.credentials)),
    knownSecretKeys(
      type,
      definition.materialKeys.map((key) => key.name),
    ),
  ])
}

/** What a team may not say: the rules that each provider states for the namespaced kind. */
export function tenantRules(): Rule<CommonSpec>[] {
  return Object.entries(providerDefinitions).flatMap(([type, definition]) =>
    definition.tenantRules.map((rule): Rule<CommonSpec> => ({
      ...rule,
      cel: `!has(self.provider.${type}) || (${rule.cel})`,
      check: ({ provider, credentials }) => {
        const config = blockOf(provider, type)
        return config === undefined || rule.check({ provider, credentials, config } as SpecView<never>)
      },
    })),
  )
}

function blockOf(provider: object, type: string): unknown {
  return (provider as Record<string, unknown>)[type]
}

function refusedCredentials(
  type: string,
  block: CredentialBlock,
  accepted: readonly CredentialBlock[],
): Rule<CommonSpec> {
  return {
    id: `${type}-refuses-${block}`,
    cel: `!(has(self.provider.${type}) && has(self.credentials.${block}))`,
    message: `provider.${type} does not take credentials.${block}: use credentials.${accepted.join(' or credentials.')}`,
    at: ['credentials', block],
    reason: 'FieldValueForbidden',
    check: ({ provider, credentials }) =>
      blockOf(provider, type) === undefined || credentials[block] === undefined,
  }
}

function knownSecretKeys(type: string, known: readonly string[]): Rule<CommonSpec> {
  return {
    id: `${type}-secret-keys`,
    cel: `!has(self.provider.${type}) || !has(self.credentials.secret) || !has(self.credentials.secret.keys) || self.credentials.secret.keys.all(key, key in ${celList(known)})`,
    message: `keys names a key that provider.${type} does not have: it has ${known.join(', ')}`,
    at: ['credentials', 'secret', 'keys'],
    check: ({ provider, credentials }) =>
      blockOf(provider, type) === undefined ||
      Object.keys(credentials.secret?.keys ?? {}).every((key) => known.includes(key)),
  }
}
