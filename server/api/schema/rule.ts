import type * as z from 'zod'

/**
 * One rule that spans fields, or that a pattern cannot say. The CEL half runs in the API server, `check` runs in zod;
 * they stand side by side so that neither is changed or deleted alone. test/api/rules.test.ts proves that they agree.
 */
export interface Rule<Value> {
  /** Stable and unique, kebab-case; names the rule in tests and in the reference. */
  readonly id: string
  readonly cel: string
  /** One sentence that names the field and the remedy. No line breaks: the API server refuses them. */
  readonly message: string
  /** Where the error is shown, relative to the value that the rule is attached to. */
  readonly at?: readonly string[]
  readonly reason?: 'FieldValueInvalid' | 'FieldValueRequired' | 'FieldValueForbidden'
  /** True when the value is fine. Gets a value with all defaults applied, as CEL does. */
  readonly check: (value: Value) => boolean
}

/** The part of a rule that the generator reads. */
export type RuleText = Omit<Rule<never>, 'check'>

/** Key of the metadata that carries a schema's rules from here to the generator. */
export const rulesKey = 'x-rules'

/** Attaches rules to a schema, in zod and (by way of the generator) in the CRD. May be called more than once. */
export function withRules<S extends z.ZodType>(schema: S, ...rules: readonly Rule<z.output<S>>[]): S {
  const known = (schema.meta()?.[rulesKey] ?? []) as readonly RuleText[]
  const texts = rules.map(({ check: _, ...text }): RuleText => text)
  return schema
    .superRefine((value, context) => {
      for (const rule of rules) {
        if (rule.check(value)) continue
        const path = [...(rule.at ?? [])]
        context.addIssue({ code: 'custom', message: rule.message, path, params: { rule: rule.id } })
      }
    })
    .meta({ [rulesKey]: [...known, ...texts] })
}

/** Writes a list of constants as CEL. */
export function celList(values: readonly string[]): string {
  return `[${values.map((value) => `'${value}'`).join(', ')}]`
}
