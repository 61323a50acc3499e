// Objects for the tables: a good one each, in which a row changes what it is about.
import { apiVersion } from '../../server/api/v1alpha1/index.ts'

export type KindName = 'TokenRegistry' | 'ClusterTokenRegistry' | 'TokenRegistryServer'
export type Fields = Record<string, unknown>

export interface SpecObject {
  apiVersion: string
  kind: KindName
  metadata: { name: string; namespace?: string }
  spec?: Fields
  [field: string]: unknown
}

/** A row that every validator must accept. */
export interface GoodSpec {
  readonly name: string
  readonly object: SpecObject
}

/** A row that every validator must refuse. */
export interface BadSpec extends GoodSpec {
  /** What the message must name. */
  readonly field: string
  /** The id of the CEL rule that refuses it; absent where the schema itself does. */
  readonly rule?: string
}

export const account = '123456789012'
export const roleArn = 'arn:aws:iam::123456789012:role/image-pull'
export const namespace = 'shop'

/** A provider block for ECR. */
export const ecr = (changes: Fields = {}): Fields => ({
  ecr: { region: 'eu-west-1', accounts: [account], ...changes },
})

/** A credentials block that names a Secret. */
export const secret = (changes: Fields = {}): Fields => ({ secret: { name: 'login', ...changes } })

/** A TokenRegistry; a field set to undefined is left out. */
export function tokenRegistry(spec: Fields = {}, name = 'shop-ecr'): SpecObject {
  const base = { provider: ecr(), credentials: secret() }
  const metadata = { name, namespace }
  return object({ apiVersion, kind: 'TokenRegistry', metadata, spec: { ...base, ...spec } })
}

/** A ClusterTokenRegistry that serves one project. */
export function clusterTokenRegistry(spec: Fields = {}, name = 'company-ecr'): SpecObject {
  const base = { provider: ecr(), credentials: secret(), namespaces: { projects: ['local:p-7hj2k'] } }
  return object({ apiVersion, kind: 'ClusterTokenRegistry', metadata: { name }, spec: { ...base, ...spec } })
}

export function tokenRegistryServer(name: string, changes: Fields = {}): SpecObject {
  return object({ apiVersion, kind: 'TokenRegistryServer', metadata: { name }, ...changes })
}

/** What goes over the wire: without undefined. */
function object(value: SpecObject): SpecObject {
  return JSON.parse(JSON.stringify(value)) as SpecObject
}

/** `count` different strings made by `item`. */
export function many<Item>(count: number, item: (index: number) => Item): Item[] {
  return Array.from({ length: count }, (_, index) => item(index))
}

/** A map with `count` different keys. */
export function manyKeys(count: number): Record<string, string> {
  return Object.fromEntries(many(count, (index) => [`key-${index}`, 'value']))
}
