import * as z from 'zod'

/** A list whose order matters or whose items are objects without a key. */
export function list<S extends z.ZodType>(item: S, bounds: { min?: number; max: number }) {
  return z
    .array(item)
    .min(bounds.min ?? 0)
    .max(bounds.max)
    .meta({ 'x-kubernetes-list-type': 'atomic' })
}

/** A list of unique strings. The API server refuses a repeated item, and so does this. */
export function set<S extends z.ZodString>(item: S, bounds: { min?: number; max: number }) {
  return z
    .array(item)
    .min(bounds.min ?? 0)
    .max(bounds.max)
    .refine((items) => new Set(items).size === items.length, {
      message: 'Duplicate value: name each item once',
    })
    .meta({ 'x-kubernetes-list-type': 'set' })
}

/** A list of objects that are unique by one field. */
export function mapList<S extends z.ZodType>(item: S, key: string, bounds: { max: number }) {
  return z
    .array(item)
    .max(bounds.max)
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [key] })
}

/** Free names mapped to strings. What the names may be is a rule: a structural schema cannot say it. */
export function stringMap<S extends z.ZodType>(value: S, bounds: { min?: number; max: number }) {
  const { min = 0, max } = bounds
  return z
    .record(z.string(), value)
    .refine((map) => Object.keys(map).length >= min, { message: `must have at least ${min} entries` })
    .refine((map) => Object.keys(map).length <= max, { message: `must have at most ${max} entries` })
    .meta({ maxProperties: max, ...(min > 0 && { minProperties: min }) })
}

/** A choice: each field is a block, and exactly one of them is given. No type tag could disagree with the block. */
export function oneBlock<Shape extends z.ZodRawShape>(what: string, shape: Shape) {
  const names = Object.keys(shape).join(', ')
  return z
    .strictObject(shape)
    .refine((blocks) => Object.values(blocks).filter((block) => block !== undefined).length === 1, {
      message: `${what} takes exactly one of: ${names}`,
    })
    .meta({ minProperties: 1, maxProperties: 1 })
}
