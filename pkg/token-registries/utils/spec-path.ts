// Places in an object, written as the API server writes them: spec.provider.ecr.assumeRoles[0].arn

/** A key of an object, or the index of a list. */
export type Step = string | number

/** What may be read by steps; arrays and plain objects. */
type Node = Record<string, unknown> | unknown[] | null | undefined

/** Splits a path. Keys of maps with dots in them cannot be told apart: build those paths from steps. */
export function parsePath(path: string): Step[] {
  return path.split('.').flatMap((part): Step[] => {
    const [key = '', ...indexes] = part.split('[')
    return [...(key === '' ? [] : [key]), ...indexes.map((index) => Number.parseInt(index, 10))]
  })
}

/** The opposite of parsePath. */
export function formatPath(steps: readonly Step[]): string {
  return steps.reduce<string>(
    (path, step) => (typeof step === 'number' ? `${path}[${step}]` : path === '' ? step : `${path}.${step}`),
    '',
  )
}

/** The path as the form's description has it, with `[]` in place of each index. */
export function withoutIndexes(path: string): string {
  return path.replace(/\[\d+\]/g, '[]')
}

/** What is at a place; undefined where there is nothing. */
export function valueAt(object: unknown, path: string | readonly Step[]): unknown {
  const steps = typeof path === 'string' ? parsePath(path) : path
  return steps.reduce<unknown>(
    (node, step) => (node === null || typeof node !== 'object' ? undefined : (node as never)[step]),
    object,
  )
}

/** A copy with another value at a place; undefined removes it. Objects on the way are made as needed. */
export function withValue<T>(object: T, path: string | readonly Step[], value: unknown): T {
  const steps = typeof path === 'string' ? parsePath(path) : path
  return put(object as Node, steps, value) as T
}

function put(node: Node, [step, ...rest]: readonly Step[], value: unknown): unknown {
  if (step === undefined) return value
  if (Array.isArray(node) || ((node ?? undefined) === undefined && typeof step === 'number')) {
    const copy = [...((node as unknown[] | null) ?? [])]
    copy[step as number] = put(copy[step as number] as Node, rest, value)
    return copy
  }
  const copy = { ...((typeof node === 'object' && node) || {}) } as Record<string, unknown>
  const inner = put(copy[step] as Node, rest, value)
  if (inner === undefined) delete copy[step]
  else copy[step] = inner
  return copy
}

/** Whether there is nothing in it that the API server would look at. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
