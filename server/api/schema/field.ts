import type * as z from 'zod'

/** The sections of the form, in the order in which the page shows them. */
export const formGroups = ['Image', 'Identity', 'Where', 'Who may pull', 'Advanced'] as const
/** One section of the form. */
export type FormGroup = (typeof formGroups)[number]

/** Shown only while the field named by `field` (a path from the object's root) holds `equals`. */
export interface FormCondition {
  readonly field: string
  readonly equals: string | boolean
}

/** What people read about a field of `spec`. The generator refuses a field without it. */
export interface FieldText {
  /** Two to four words, as the form's label. */
  readonly label: string
  /** One or more sentences for an operator who knows Kubernetes and not this product. */
  readonly help: string
  /** A value that the API server accepts; required for every field that is not a block of other fields. */
  readonly example?: unknown
  /** Position among the fields of the same block. */
  readonly order: number
  /** Section of the form. A field without one belongs to the section of the block around it. */
  readonly group?: FormGroup
  readonly condition?: FormCondition
}

/** What people read about a field that the server writes: no form shows it, so label and help are enough. */
export type StatusText = Pick<FieldText, 'label' | 'help' | 'example'>

/** Describes a field of `spec`. Outermost, so that it also covers optional() and default(). */
export function field<S extends z.ZodType>(schema: S, text: FieldText): S {
  return schema.meta({ ...text })
}

/** Describes a field that the server writes. */
export function observed<S extends z.ZodType>(schema: S, text: StatusText): S {
  return schema.meta({ ...text })
}

/** Names the TypeScript interface that the generator writes for an object; the same name means the same fields. */
export function named<S extends z.ZodType>(typeName: string, schema: S): S {
  return schema.meta({ typeName })
}
