import { mount } from '@vue/test-utils'
import BadgeState from '@components/BadgeState/BadgeState.vue'
import { translate, translateForHtml } from './translate'

describe('texts in tests', () => {
  it('come from our l10n, with plurals', () => {
    expect(translate('typeLabel.tokenregistries.io.tokenregistry', { count: 2 })).toBe('Registries')
  })

  it('fail when there is no such text', () => {
    expect(() => translate('tokenRegistries.none')).toThrow('no text for tokenRegistries.none')
  })

  it('are escaped in components, as the shell does it, unless they are asked for raw', () => {
    const key = 'tokenRegistries.health.codes.NotAllowed'
    expect(translateForHtml(key)).toContain('administrator&#39;s')
    expect(translateForHtml(key, {}, true)).toBe(translate(key))
  })

  it('mounts components of the shell', () => {
    expect(mount(BadgeState, { props: { label: 'Active', color: 'bg-success' } }).text()).toBe('Active')
  })
})
