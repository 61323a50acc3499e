import * as z from 'zod'
import { objectName } from '../schema/formats.ts'

/** What this product reads of metadata. The API server checks the rest, and the CRDs say nothing about it. */
export const objectMetaSchema = z.looseObject({
  name: objectName,
  namespace: z.string().optional(),
  uid: z.string().optional(),
  resourceVersion: z.string().optional(),
  generation: z.int().optional(),
  creationTimestamp: z.string().optional(),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
})
/** As read from the API server; fields that this product does not know are kept, untyped. */
export type ObjectMeta = z.output<typeof objectMetaSchema>
