// What of the form is seen at once, what behind "more" in its section, and what under Advanced. From the description alone.
import { groups, type Form, type FormField, type FormGroup, type FormProvider } from '../generated/form'
import { childrenOf, fieldOf, topFields } from './form-tree'

/** Fields that a user sees without opening anything, name and namespace aside. */
export const visibleAtMost = 7

/** A part of the form with its heading. */
export interface Section {
  readonly group: FormGroup
  readonly fields: readonly FormField[]
  /** Behind a button, for what would make the form too long. */
  readonly more: readonly FormField[]
}

/** The whole form for one provider and one way to credentials. */
export interface Layout {
  /** Image, Where and so on, in their order; Identity is there without its choice, which has a part of its own. */
  readonly sections: readonly Section[]
  readonly advanced: readonly FormField[]
}

/** Path of the choice of the identity, which is asked for together with the keys. */
export const credentialsPath = 'spec.credentials'
export const providerPath = 'spec.provider'

/**
 * Lays the form out.
 * @param credentials the chosen block of spec.credentials
 */
export function layout(form: Form, provider: FormProvider, credentials: string | undefined): Layout {
  const blocks = new Map([
    [providerPath, provider.name],
    [credentialsPath, credentials],
  ])
  const asked = topFields(form).flatMap((field) => {
    if (field.type === 'choice') return chosenFields(form, field, blocks.get(field.path))
    return field.type === 'block' && field.group !== 'Advanced' ? childrenOf(form, field) : [field]
  })
  // The name of the Secret is asked for with its keys.
  const placed = asked.filter(({ path }) => path !== `${credentialsPath}.secret.name`)
  const sections = groups
    .filter((group) => group !== 'Advanced')
    .map((group) => ({ group, fields: placed.filter((field) => field.group === group), more: [] }))
  const keys = credentials === 'secret' ? provider.materialKeys.filter(({ optional }) => !optional).length : 0
  return {
    sections: shortened(sections, visibleAtMost - 1 - keys),
    advanced: placed.filter(({ group }) => group === 'Advanced'),
  }
}

function chosenFields(form: Form, choice: FormField, name: string | undefined): FormField[] {
  const block = name === undefined ? undefined : fieldOf(form, `${choice.path}.${name}`)
  return block === undefined ? [] : childrenOf(form, block)
}

/** Moves the last optional field of the longest section behind "more" until the rest is short enough. */
function shortened(sections: readonly Section[], room: number): readonly Section[] {
  const used = sections.reduce((sum, { fields }) => sum + fields.filter(isCounted).length, 0)
  if (used <= room) return sections
  // Of two equally long ones the one that is shortened already, so that the others stay whole.
  const longest = [...sections]
    .filter(({ fields }) => fields.filter(isCounted).length > 1 && fields.some(mayMove))
    .sort(
      (one, other) =>
        other.fields.filter(isCounted).length - one.fields.filter(isCounted).length ||
        other.more.length - one.more.length,
    )[0]
  const moved = longest?.fields.filter(mayMove).at(-1)
  if (!longest || !moved) return sections
  const shorter = {
    ...longest,
    fields: longest.fields.filter((field) => field !== moved),
    more: [moved, ...longest.more],
  }
  return shortened(
    sections.map((section) => (section === longest ? shorter : section)),
    room,
  )
}

/** Fields that depend on another one show up only when they are asked for. */
function isCounted({ condition }: FormField): boolean {
  return condition === undefined
}

function mayMove(field: FormField): boolean {
  return !field.required && isCounted(field)
}
