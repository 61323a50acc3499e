// What the shell's i18n store does, without its store: keys of our l10n and of the shell's, in ICU's message format.
import IntlMessageFormat from 'intl-messageformat'
import { escapeHtml } from '@shell/utils/string'

type Texts = { readonly [key: string]: string | Texts }

const ours: Texts = require('../l10n/en-us.yaml')
const shells: Texts = require('@shell/assets/translations/en-us.yaml')

/** @throws Error when neither has the key: a page that shows a bare key is broken */
export function translate(key: string, values: Record<string, unknown> = {}): string {
  const text = find(ours, key) ?? find(shells, key)
  if (text === undefined) throw new Error(`no text for ${key}`)
  return String(new IntlMessageFormat(text, 'en-us').format(values as Record<string, string>)).trim()
}

/** The `t` of components. Unless `raw` is given it escapes the whole text, apostrophes too: right for v-clean-html alone. */
export function translateForHtml(key: string, values?: Record<string, unknown>, raw = false): string {
  const text = translate(key, values)
  return raw ? text : escapeHtml(text)
}

function find(texts: Texts, key: string): string | undefined {
  // Type labels have dots in their keys.
  const label = /^typeLabel\.(.+)$/.exec(key)?.[1]
  if (label !== undefined) return leaf((texts['typeLabel'] as Texts | undefined)?.[label])
  let node: string | Texts | undefined = texts
  for (const part of key.split('.')) node = typeof node === 'object' ? node[part] : undefined
  return leaf(node)
}

function leaf(node: string | Texts | undefined): string | undefined {
  return typeof node === 'string' ? node : undefined
}
