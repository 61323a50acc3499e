import { readdirSync, readFileSync, statSync } from 'fs'
import { join, relative } from 'path'

type Texts = { readonly [key: string]: string | Texts }

const root = join(__dirname, '..')
const texts: Texts = require('../l10n/en-us.yaml')
const skipped = ['node_modules', '.shell', 'l10n', 'test']

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) return skipped.includes(name) ? [] : sources(path)
    return /\.(ts|vue)$/.test(name) && !/\.test\.ts$/.test(name) ? [path] : []
  })
}

function keysOf(node: string | Texts, path: string): string[] {
  if (typeof node === 'string') return [path]
  return Object.entries(node).flatMap(([key, below]) => keysOf(below, `${path}.${key}`))
}

interface Use {
  readonly file: string
  readonly key: string
  /** The texts that it stands for. */
  readonly found: readonly string[]
}

/** Files by name, with what stands in them. */
const files = sources(root).map((path) => ({ file: relative(root, path), code: readFileSync(path, 'utf8') }))

const keys = keysOf(texts['tokenRegistries'] as Texts, 'tokenRegistries')

/** Every word or dotted path in quotes, in any file; names of the API have spaces in them. */
const quoted = new Set(
  files.flatMap(({ code }) =>
    [...code.matchAll(/['"`]([A-Za-z][\w. ]*)['"`]/g)].map(([, text = '']) => text.replace(/ /g, '')),
  ),
)

/** Below a branch that a value completes: `tokenRegistries.form.${key}` uses what is spelled somewhere in quotes. */
function below(branch: string): string[] {
  return keys.filter((key) => {
    const rest = key.startsWith(`${branch}.`) ? key.slice(branch.length + 1) : undefined
    return rest !== undefined && (quoted.has(rest) || quoted.has(rest.split('.').pop() ?? ''))
  })
}

const open = /tokenRegistries(?:\.[A-Za-z0-9_]+)*(?=\.\$\{)/g
const literal = /tokenRegistries(?:\.[A-Za-z0-9_]+)+(?=['"`\s])/g
// Messages of the form name their key below tokenRegistries (utils/form-message.ts).
const short = /key: '((?:form|errors)\.[\w.]+)'/g

const uses = files.flatMap(({ file, code }): Use[] => [
  ...[...code.matchAll(literal)].map(([key]) => ({ file, key, found: found(key, code) })),
  ...[...code.matchAll(open)].map(([key]) => ({ file, key, found: below(key) })),
  ...[...code.matchAll(short)].map(([, key]) => {
    const full = `tokenRegistries.${key}`
    return { file, key: full, found: keys.filter((known) => known === full) }
  }),
])

/** The keys that a text in quotes stands for: itself, or of a branch those whose rest is spelled in the same file. */
function found(key: string, code: string): string[] {
  if (keys.includes(key)) return [key]
  const ends = [...code.matchAll(/\$\{\w+\}((?:\.\w+)*)(\.\$\{)?/g)]
  return keys.filter((known) => {
    if (!known.startsWith(`${key}.`)) return false
    const rest = known.slice(key.length)
    return ends.some(([, path = '', more]) =>
      more === undefined
        ? rest === path
        : rest.startsWith(`${path}.`) && quoted.has(rest.slice(path.length + 1)),
    )
  })
}

describe('texts', () => {
  it('are found, and their uses', () => {
    expect(keys.length).toBeGreaterThan(100)
    expect(uses.length).toBeGreaterThan(100)
  })

  it('are there for every key that is used', () => {
    expect(uses.filter(({ found: known }) => known.length === 0)).toEqual([])
  })

  it('are all used', () => {
    const used = new Set(uses.flatMap(({ found: known }) => known))
    expect(keys.filter((key) => !used.has(key))).toEqual([])
  })
})
