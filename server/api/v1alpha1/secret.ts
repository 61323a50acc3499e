import * as z from 'zod'
import { stringMap } from '../schema/collections.ts'
import { field, named } from '../schema/field.ts'
import { labelValue, objectName, qualifiedNamePattern } from '../schema/formats.ts'
import { withRules, type Rule } from '../schema/rule.ts'
import { reservedPrefixes } from './group.ts'

const reservedPattern = `^([^/]*\\.)?(${reservedPrefixes.join('|').replaceAll('.', '\\.')})/`

type Keys = 'labels' | 'annotations' | 'matchLabels'

/** Every key of the map is a well-formed label key. The length is part of the API server's rule for keys. */
export function keySyntax(id: string, what: Keys): Rule<Readonly<Record<string, string>>> {
  return {
    id,
    cel: `self.all(key, key.size() <= 317 && key.matches(${JSON.stringify(qualifiedNamePattern)}))`,
    message: `${what} has a key that is not well-formed: use an optional DNS prefix and "/", then up to 63 letters, digits, "-", "_" or "."`,
    check: (map) =>
      Object.keys(map).every((key) => key.length <= 317 && new RegExp(qualifiedNamePattern).test(key)),
  }
}

/** Counted in characters, as the API server counts; JavaScript's length counts an emoji twice. */
const annotationValue = z
  .string()
  .refine((value) => value.length <= 4096 || [...value].length <= 4096, {
    message: 'must have at most 4096 characters',
  })
  .meta({ maxLength: 4096 })

function notReserved(id: string, what: Keys): Rule<Readonly<Record<string, string>>> {
  return {
    id,
    cel: `self.all(key, !key.matches(${JSON.stringify(reservedPattern)}))`,
    message: `${what} has a key under a reserved prefix: remove keys under ${reservedPrefixes.join(', ')} and their subdomains, other controllers act on them`,
    reason: 'FieldValueForbidden',
    check: (map) => Object.keys(map).every((key) => !new RegExp(reservedPattern).test(key)),
  }
}

/** spec.secret: the pull Secret that is written. */
export const secretSchema = named(
  'PullSecret',
  z.strictObject({
    name: field(objectName.optional(), {
      label: 'Secret name',
      help: 'The name of the pull Secret in each namespace. Absent means the name of this registry.',
      example: 'shop-pull',
      order: 1,
    }),
    labels: field(
      withRules(
        stringMap(labelValue, { max: 20 }),
        keySyntax('label-key-syntax', 'labels'),
        notReserved('label-key-reserved', 'labels'),
      ).optional(),
      {
        label: 'Labels',
        help: 'Labels for the pull Secret. Labels that others put on it are left alone.',
        example: { 'shop.example/team': 'checkout' },
        order: 2,
      },
    ),
    annotations: field(
      withRules(
        stringMap(annotationValue, { max: 20 }),
        keySyntax('annotation-key-syntax', 'annotations'),
        notReserved('annotation-key-reserved', 'annotations'),
      ).optional(),
      {
        label: 'Annotations',
        help: 'Annotations for the pull Secret. Annotations that others put on it are left alone.',
        example: { 'shop.example/contact': 'checkout@shop.example' },
        order: 3,
      },
    ),
  }),
)
