// Fields drawn from a description: of a provider that nobody has heard of, so that nothing of the known ones is needed.
import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { computed, reactive } from 'vue'
import type { Form, FormField } from '../../generated/form'
import { fieldWords } from '../../utils/form-words'
import { translate } from '../../test/translate'
import { contextOf, formContext } from './context'
import { Draft, type Value } from './draft'
import { formPlace, nowhere } from './place'
import SchemaField from './SchemaField.vue'

enableAutoUnmount(afterEach)

const field = (path: string, changes: Partial<FormField> = {}): FormField => ({
  path,
  type: 'text',
  label: `Label of ${path}`,
  help: `Help of ${path}`,
  group: 'Image',
  order: 1,
  required: false,
  ...changes,
})

const moon = 'spec.provider.moon'
const form: Form = {
  fields: [
    field('spec.provider', { type: 'choice', required: true }),
    field(moon, { type: 'block' }),
    field(`${moon}.crater`, {
      required: true,
      example: 'Tycho',
      pattern: '^[A-Z][a-z]+$',
      patternMessage: 'must be the name of a crater',
    }),
    field(`${moon}.depth`, { type: 'number', minimum: 1, maximum: 9 }),
    field(`${moon}.dark`, { type: 'switch', default: false }),
    field(`${moon}.phase`, { type: 'select', enum: ['New', 'Full'], default: 'New' }),
    field(`${moon}.landings`, {
      type: 'list',
      pattern: '^[a-z]+$',
      patternMessage: 'must be lower-case',
      example: ['apollo'],
    }),
    field(`${moon}.rocks`, { type: 'map', example: { basalt: 'dark' } }),
    field(`${moon}.base`, { type: 'block' }),
    field(`${moon}.base.name`),
    field(`${moon}.rovers`, { type: 'blocks', maxItems: 2 }),
    field(`${moon}.rovers[].wheels`, { type: 'number', required: true }),
    field(`${moon}.eclipse`, { condition: { field: `${moon}.phase`, equals: 'Full' } }),
    field(`${moon}.orbit`, { type: 'choice' }),
    field(`${moon}.orbit.low`, { type: 'block' }),
    field(`${moon}.orbit.low.height`),
    field(`${moon}.orbit.high`, { type: 'block' }),
  ],
  rules: [],
}

/** As the shell's: its label is drawn, and is not the name of the box. */
const select = {
  props: ['value', 'options', 'label', 'clearable'],
  emits: ['update:value', 'on-blur'],
  template: `<select :value="value" :data-clearable="clearable" v-bind="$attrs" @change="$emit('update:value', $event.target.value)">
    <option v-for="o in options" :key="o.value" :value="o.value" :disabled="o.disabled">{{ o.label }}</option></select>`,
}

/** A field of the form above, as the page shows it. */
function show(name: string, spec: object = { provider: { moon: {} } }) {
  const value = { metadata: { name: 'a' }, spec } as Value
  const draft = reactive(new Draft(form, value, 'create', false)) as Draft
  const store = { getters: { 'i18n/exists': () => false, 'i18n/t': translate }, dispatch: jest.fn() }
  const path = `${moon}.${name}`
  const page = mount(SchemaField as object, {
    props: { field: form.fields.find((known) => known.path === path), path } as never,
    global: {
      mocks: { $store: store },
      provide: {
        store,
        [formContext as symbol]: contextOf(draft, fieldWords(store), translate),
        [formPlace as symbol]: computed(() => nowhere),
      },
      directives: { cleanTooltip: {}, cleanHtml: {}, strippedAriaLabel: {} },
      stubs: { t: true, LabeledSelect: select },
    },
  })
  const written = () => (draft.value.spec as { provider: { moon: unknown } }).provider.moon
  return { page, draft, written, path }
}

describe('a field', () => {
  it('of text has label, example and mark, and says what is wrong once it was left', async () => {
    const { page, written, path } = show('crater')
    expect(page.text()).toContain(`Label of ${path}`)
    expect(page.find('.required').exists()).toBe(true)
    const input = page.get('input')
    expect(input.attributes('placeholder')).toBe('e.g. Tycho')
    await input.setValue('tycho')
    expect(page.find('[data-testid=field-message]').exists()).toBe(false)
    await input.trigger('blur')
    expect(page.get('[data-testid=field-message]').text()).toBe('must be the name of a crater')
    expect(page.find('.labeled-input.error').exists()).toBe(true)
    await input.setValue('Tycho')
    expect(page.find('[data-testid=field-message]').exists()).toBe(false)
    expect(written()).toEqual({ crater: 'Tycho' })
  })

  it('of a number writes a number, and nothing when it is emptied', async () => {
    const { page, written } = show('depth')
    await page.get('input').setValue('7')
    expect(written()).toEqual({ depth: 7 })
    await page.get('input').setValue('')
    expect(written()).toEqual({})
  })

  it('of a switch writes what differs from the default', async () => {
    const { page, written } = show('dark')
    await page.get('.checkbox-container').trigger('click')
    expect(written()).toEqual({ dark: true })
    await page.get('.checkbox-container').trigger('click')
    expect(written()).toEqual({})
  })

  it('of a choice of values shows the default and writes another', async () => {
    const { page, written } = show('phase')
    expect(page.get('select').element.value).toBe('New')
    expect(page.get('select').attributes('data-clearable')).toBe('false')
    expect(page.get('select').attributes('aria-label')).toBe(`Label of ${moon}.phase`)
    await page.get('select').setValue('Full')
    expect(written()).toEqual({ phase: 'Full' })
  })

  it('of a list has a row to type into, and leaves empty ones out', async () => {
    const { page, written, path } = show('landings')
    expect(page.text()).toContain(`Label of ${path}`)
    await page.get('input').setValue('apollo')
    await page.get(`[data-testid="field-${path}-button"]`).trigger('click')
    await settled()
    expect(page.findAll('input')).toHaveLength(2)
    expect(written()).toEqual({ landings: ['apollo'] })
    await page.findAll('input')[1]!.setValue('Luna')
    await settled()
    await page.get('[data-field] > div').trigger('focusout')
    expect(page.text()).toContain('Luna: must be lower-case')
    expect(written()).toEqual({ landings: ['apollo', 'Luna'] })
  })

  it('of a map writes its keys', async () => {
    const { page, written } = show('rocks', { provider: { moon: { rocks: { basalt: 'dark' } } } })
    expect(page.findAll('input').map((input) => input.element.value)).toEqual(['basalt', 'dark'])
    page.getComponent({ name: 'KeyValue' }).vm.$emit('update:value', { basalt: 'grey' })
    expect(written()).toEqual({ rocks: { basalt: 'grey' } })
  })

  it('of a block has its fields below a heading', async () => {
    const { page, written, path } = show('base')
    expect(page.get('h4').text()).toContain(`Label of ${path}`)
    await page.get('input').setValue('Alpha')
    expect(written()).toEqual({ base: { name: 'Alpha' } })
    await page.get('input').setValue('')
    expect(written()).toEqual({})
  })

  it('of blocks has as many as are wanted, up to the limit', async () => {
    const { page, written, path } = show('rovers')
    const add = page.get(`[data-testid="field-${path}-add"]`)
    await add.trigger('click')
    await add.trigger('click')
    expect(add.attributes('disabled')).toBeDefined()
    await page.findAll('input')[1]!.setValue('6')
    expect(written()).toEqual({ rovers: [{}, { wheels: 6 }] })
    await page.get(`[data-testid="field-${path}-remove-0"]`).trigger('click')
    expect(written()).toEqual({ rovers: [{ wheels: 6 }] })
    expect(page.get('input').element.value).toBe('6')
    await page.get(`[data-testid="field-${path}-remove-0"]`).trigger('click')
    expect(written()).toEqual({})
  })

  it('of one of several blocks has the fields of the chosen one', async () => {
    const { page, written } = show('orbit')
    expect(page.find('input').exists()).toBe(false)
    await page.get('select').setValue('low')
    await page.get('input').setValue('100 km')
    expect(written()).toEqual({ orbit: { low: { height: '100 km' } } })
    await page.get('select').setValue('high')
    expect(written()).toEqual({ orbit: { high: {} } })
  })

  it('is there only while its condition holds', async () => {
    const { page, draft } = show('eclipse')
    expect(page.find('input').exists()).toBe(false)
    draft.change(`${moon}.phase`, 'Full')
    await flushPromises()
    await page.get('input').setValue('total')
    draft.change(`${moon}.phase`, 'New')
    await flushPromises()
    expect(page.find('input').exists()).toBe(false)
    expect(draft.value.spec).toEqual({ provider: { moon: {} } })
  })

  it('shows what the server said at once, until it is changed', async () => {
    const { page, draft, path } = show('crater', { provider: { moon: { crater: 'Tycho' } } })
    draft.refusals = [{ path, message: { text: 'there is no such crater' } }]
    await flushPromises()
    expect(page.get('[data-testid=field-message]').text()).toBe('there is no such crater')
    expect(page.get('input').element.value).toBe('Tycho')
    await page.get('input').setValue('Plato')
    expect(page.find('[data-testid=field-message]').exists()).toBe(false)
  })
})

/** ArrayList reports what was typed after a pause. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 60))
  await flushPromises()
}
