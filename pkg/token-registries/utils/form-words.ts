// Words of a field: those of the description, unless a translation has its own.
import type { FormField, FormGroup, FormProvider } from '../generated/form'
import type { PageStore } from './raw'

/** Labels, help and options as a user reads them. */
export interface FieldWords {
  label(field: FormField): string
  help(field: FormField): string
  /** Of one value of a select. */
  option(field: FormField, value: string): string
  /** An extra sentence at a field, such as what does not change; empty where there is none. */
  note(field: FormField): string
  /** What a value must be like. */
  pattern(field: FormField): string
  group(group: FormGroup): string
  /** abbreviation: what stands on the provider's card, three letters as a rule. */
  provider(provider: FormProvider, part: 'label' | 'help' | 'abbreviation'): string
  key(provider: FormProvider, key: FormProvider['materialKeys'][number], part: 'label' | 'help'): string
}

/**
 * Keys of texts have no brackets: `tokenRegistries.field.<path>.label`, `….help`, `….pattern`, `….option.<value>`,
 * `….note`.
 */
export function fieldWords(store: PageStore): FieldWords {
  const withFallback = (key: string, fallback: string): string => {
    // The shell's own withFallback takes '' for "no fallback".
    const exists = store.getters['i18n/exists'] as (key: string) => boolean
    const translate = store.getters['i18n/t'] as (key: string) => string
    return exists(key) ? translate(key) : fallback
  }
  const key = ({ path }: FormField, part: string): string =>
    `tokenRegistries.field.${path.replaceAll('[]', '')}.${part}`
  return {
    label: (field) => withFallback(key(field, 'label'), field.label),
    help: (field) => withFallback(key(field, 'help'), field.help),
    option: (field, value) => withFallback(key(field, `option.${value}`), value),
    note: (field) => withFallback(key(field, 'note'), ''),
    pattern: (field) => withFallback(key(field, 'pattern'), field.patternMessage ?? ''),
    group: (group) => withFallback(`tokenRegistries.form.group.${group.replaceAll(' ', '')}`, group),
    provider: (provider, part) =>
      withFallback(
        `tokenRegistries.provider.${provider.name}.${part}`,
        part === 'abbreviation' ? provider.name.slice(0, 3).toUpperCase() : provider[part],
      ),
    key: (provider, { name, ...words }, part) =>
      withFallback(`tokenRegistries.provider.${provider.name}.key.${name}.${part}`, words[part]),
  }
}
