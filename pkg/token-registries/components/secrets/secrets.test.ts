import { mount } from '@vue/test-utils'
import { defineComponent, h } from 'vue'
import { translate } from '../../test/translate'
import TokenRegistrySecret from '../../formatters/TokenRegistrySecret.vue'
import SecretTab from './SecretTab.vue'

const hour = 3_600_000
const ours = {
  metadata: {
    labels: { 'app.kubernetes.io/managed-by': 'token-registries' },
    annotations: {
      'tokenregistries.io/owner': 'TokenRegistry/shop/shop-ecr',
      'tokenregistries.io/expires-at': new Date(Date.now() + 7.5 * hour).toISOString(),
    },
  },
}
const foreign = { metadata: { labels: {}, annotations: {} } }
const link = { props: ['to'], template: '<a :href="to.params.id"><slot /></a>' }

function options(known = true): any {
  const getters = {
    clusterId: 'local',
    'cluster/schemaFor': () => (known ? {} : undefined),
    'prefs/get': () => 'YYYY',
    'i18n/t': translate,
  }
  return {
    mocks: { $store: { getters } },
    stubs: { 'router-link': link },
    directives: { 'clean-tooltip': {} },
  }
}

describe('the column on Secrets', () => {
  const cell = (row: object, known = true) =>
    mount(TokenRegistrySecret as any, { props: { row }, global: options(known) })

  it('says by whom a Secret is kept fresh, and for how long', () => {
    expect(cell(ours).text()).toMatch(/^shop-ecr\s*expires in 7 h$/)
    expect(cell(ours).find('a').attributes('href')).toBe('shop-ecr')
  })

  it('says that the password has expired', () => {
    const annotations = {
      ...ours.metadata.annotations,
      'tokenregistries.io/expires-at': '2020-01-01T00:00:00Z',
    }
    expect(cell({ metadata: { ...ours.metadata, annotations } }).text()).toContain('expired')
  })

  it('links nowhere for users who may not see registries', () => {
    expect(cell(ours, false).text()).toContain('shop-ecr')
    expect(cell(ours, false).find('a').exists()).toBe(false)
  })

  it('says nothing of other Secrets', () => expect(cell(foreign).text()).toBe('—'))
})

describe('the tab on a Secret', () => {
  /** As the shell's Tabbed and Tab: the tab's content can reach what takes tabs away. */
  async function open(resource: object) {
    const removed: unknown[] = []
    // A component that is loaded later stands between the two.
    const Lazy = defineComponent({ render: () => h(SecretTab as any, { resource }) })
    const Tab = defineComponent({ props: ['name'], render: () => h(Lazy) })
    const provide = { removeTab: (tab: unknown) => removed.push(tab) }
    const wrapper = mount(Tab, { props: { name: 'token-registries' }, global: { ...options(), provide } })
    await wrapper.vm.$nextTick()
    return { wrapper, removed }
  }

  it('names the registry and warns of edits', async () => {
    const { wrapper, removed } = await open(ours)
    expect(wrapper.text()).toContain('Changes to its hosts and passwords are undone within seconds')
    expect(wrapper.find('a').text()).toBe('shop-ecr')
    expect(wrapper.text()).toContain('in namespace shop')
    expect(wrapper.text()).toContain('in 7 h')
    expect(removed).toEqual([])
  })

  it('takes itself away on Secrets of others', async () => {
    const { wrapper, removed } = await open(foreign)
    expect(removed).toHaveLength(1)
    expect((removed[0] as { name?: string }).name).toBe('token-registries')
    expect(wrapper.vm.name).toBe('token-registries')
  })

  it('says why it is empty where it cannot', () => {
    const wrapper = mount(SecretTab as any, { props: { resource: foreign }, global: options() })
    expect(wrapper.text()).toBe('No token-based registry keeps this Secret.')
  })
})
