import { mount } from '@vue/test-utils'
import BadgeState from '@components/BadgeState/BadgeState.vue'
import { translate } from './translate'

describe('texts in tests', () => {
  it('come from our l10n, with plurals', () => {
    expect(translate('typeLabel.tokenregistries.io.tokenregistry', { count: 2 })).toBe('Registries')
  })

  it('fail when there is no such text', () => {
    expect(() => translate('tokenRegistries.none')).toThrow('no text for tokenRegistries.none')
  })

  it('mounts components of the shell', () => {
    expect(mount(BadgeState, { props: { label: 'Active', color: 'bg-success' } }).text()).toBe('Active')
  })
})
