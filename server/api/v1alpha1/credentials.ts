import * as z from 'zod'
import { oneBlock, stringMap } from '../schema/collections.ts'
import { field, named } from '../schema/field.ts'
import { objectName, secretKey, timestamp } from '../schema/formats.ts'
import { refersTo } from '../schema/reference.ts'

const secretReference = named(
  'SecretReference',
  z.strictObject({
    name: field(refersTo('secret', objectName), {
      label: 'Secret',
      help: "The Secret that holds the credentials, in the namespace of this registry (of a cluster registry: in the server's namespace).",
      example: 'shop-ecr-credentials',
      order: 1,
    }),
    keys: field(stringMap(secretKey, { max: 20 }).optional(), {
      label: 'Keys in the Secret',
      help: "Where the Secret uses other keys than the provider's: the provider's key name, and the key in the Secret that holds it.",
      example: { accessKeyId: 'AWS_ACCESS_KEY_ID', secretAccessKey: 'AWS_SECRET_ACCESS_KEY' },
      order: 2,
      group: 'Advanced',
    }),
    expiresAt: field(timestamp.optional(), {
      label: 'Credentials end',
      help: 'When the credentials in the Secret stop working, if you know it. You are warned from 30 days before.',
      example: '2027-01-31T00:00:00Z',
      order: 3,
      group: 'Advanced',
    }),
  }),
)

/** spec.credentials: as whom. The only place that names material, so admission policies need not know providers. */
export const credentialsSchema = named(
  'Credentials',
  oneBlock('credentials', {
    secret: field(secretReference.optional(), {
      label: 'Secret',
      help: 'Credentials that you keep in a Secret. Everyone who may read Secrets in that namespace can read them.',
      order: 1,
    }),
    serverIdentity: field(named('ServerIdentity', z.strictObject({})).optional(), {
      label: "Server's identity",
      help: "The cloud identity of the server itself (IRSA, Pod Identity or node role). Refused unless the administrator's policy grants it to this namespace or project. Written as {}.",
      order: 2,
    }),
  }),
)
/** As read from the API server. It names material; what a provider gets is another type, with the values. */
export type Credentials = z.output<typeof credentialsSchema>
