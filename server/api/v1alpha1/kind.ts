import * as z from 'zod'
import { apiVersion } from './group.ts'
import { objectMetaSchema } from './object-meta.ts'

/** One column of `kubectl get`: an entry of additionalPrinterColumns in the CRD. */
export interface PrinterColumn {
  readonly name: string
  readonly jsonPath: string
  /** Times are strings: kubectl prints `<invalid>` for a `date` in the future. Age is the one date. */
  readonly type: 'string' | 'integer' | 'date'
  /** Above 0 only `kubectl get -o wide` shows it. */
  readonly priority?: number
}

/** Everything that a CRD needs beside its schema. */
export interface Kind {
  readonly kind: string
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly scope: 'Namespaced' | 'Cluster'
  readonly description: string
  readonly schema: z.ZodType
  readonly printerColumns: readonly PrinterColumn[]
  /** For the reference; a test creates each of them on a real API server. */
  readonly examples: readonly KindExample[]
}

/** One object of the reference, under the heading "Example: <title>". */
export interface KindExample {
  readonly title: string
  readonly object: Readonly<Record<string, unknown>>
}

/** The object around spec and status, as kubectl sends it. */
export function kubernetesObject<Name extends string, Shape extends z.ZodRawShape>(kind: Name, shape: Shape) {
  return z.strictObject({
    apiVersion: z.literal(apiVersion),
    kind: z.literal(kind),
    metadata: objectMetaSchema,
    ...shape,
  })
}

/** Columns of both registry kinds. The page can sort and search by these alone. */
export const registryColumns: readonly PrinterColumn[] = [
  { name: 'Provider', jsonPath: '.status.summary.provider', type: 'string' },
  { name: 'Hosts', jsonPath: '.status.summary.hosts', type: 'string' },
  { name: 'Target', jsonPath: '.status.summary.target', type: 'string' },
  { name: 'Ready', jsonPath: '.status.conditions[?(@.type=="Ready")].status', type: 'string' },
  { name: 'Reason', jsonPath: '.status.summary.reason', type: 'string' },
  { name: 'Synced', jsonPath: '.status.summary.synced', type: 'string' },
  { name: 'Expires', jsonPath: '.status.expiresAt', type: 'string' },
  { name: 'Next refresh', jsonPath: '.status.nextRefreshAt', type: 'string' },
  { name: 'Age', jsonPath: '.metadata.creationTimestamp', type: 'date' },
]
