import { flushPromises, mount } from '@vue/test-utils'
import { translate } from '../../test/translate'
import TokenRegistryHosts from '../../formatters/TokenRegistryHosts.vue'
import TokenRegistryProvider from '../../formatters/TokenRegistryProvider.vue'
import TokenRegistryReason from '../../formatters/TokenRegistryReason.vue'
import TokenRegistryState from '../../formatters/TokenRegistryState.vue'
import TokenRegistrySynced from '../../formatters/TokenRegistrySynced.vue'
import TokenRegistryTarget from '../../formatters/TokenRegistryTarget.vue'
import TokenRegistryTime from '../../formatters/TokenRegistryTime.vue'
import TokenRegistrySecret from '../../formatters/TokenRegistrySecret.vue'
import { lookAgainMs } from '../../utils/look-again'
import EmptyList from './EmptyList.vue'
import RegistryList from './RegistryList.vue'
import RemoveRegistries from './RemoveRegistries.vue'

const start = new Date('2026-03-01T12:00:00Z')
const after = (ms: number): string => new Date(start.getTime() + ms).toISOString()
const hour = 3_600_000

const directives = {
  'clean-tooltip': {},
  'clean-html': (el: HTMLElement, { value }: { value: string }) => (el.innerHTML = value),
}
const prefs = {
  'prefs/get': () => 'YYYY-MM-DD',
  'i18n/t': translate,
  'cluster/schemaFor': () => undefined,
  'management/byId': (_type: string, id: string) =>
    id === 'local/p-shop' ? { nameDisplay: 'Web shop' } : undefined,
}
const link = { props: ['to'], template: '<a :href="JSON.stringify(to)"><slot /></a>' }

function show(component: any, props: Record<string, unknown>) {
  const mocks = { $store: { getters: prefs }, $route: { params: { cluster: 'local' } } }
  return mount(component, { props, global: { directives, mocks, stubs: { 'router-link': link } } })
}

const formatters = {
  TokenRegistryHosts,
  TokenRegistryProvider,
  TokenRegistryReason,
  TokenRegistrySecret,
  TokenRegistryState,
  TokenRegistrySynced,
  TokenRegistryTarget,
  TokenRegistryTime,
}

describe('cells', () => {
  it.each(Object.entries(formatters))('%s leave alone what the table hands to all', (_name, formatter) => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined)
    const row = {
      providerName: 'ecr',
      failureCode: 'NotOwner',
      metadata: {
        namespace: 'shop',
        labels: { 'app.kubernetes.io/managed-by': 'token-registries' },
        annotations: { 'tokenregistries.io/owner': 'TokenRegistry/shop/shop-ecr' },
      },
      status: { hosts: ['a.example'], targets: { desired: 1, synced: 1, failed: 0 } },
    }
    const table = { value: 'a', col: {}, rowKey: 'k', 'row-index': 3, getCustomDetailLink: () => null }
    const html = show(formatter, { row, ...table }).html()
    expect(html).not.toMatch(/ (value|col|row-?key|row-index|getcustomdetaillink)="/i)
    expect(warn).not.toHaveBeenCalled()
    warn.mockRestore()
  })

  it('show the first host and count the others', () => {
    expect(show(TokenRegistryHosts, { row: {} }).text()).toBe('—')
    expect(show(TokenRegistryHosts, { row: { status: { hosts: ['a.example'] } } }).text()).toBe('a.example')
    const three = show(TokenRegistryHosts, {
      row: { status: { hosts: ['a.example', 'b.example', 'c.example'] } },
    })
    expect(three.text()).toMatch(/^a\.example\s*and 2 more$/)
    expect(three.attributes('aria-label')).toBe('a.example, b.example, c.example')
  })

  it('show how many namespaces are served', () => {
    const row = { status: { targets: { desired: 12, synced: 11, failed: 1 } } }
    expect(show(TokenRegistrySynced, { row }).text()).toBe('11 of 12')
    expect(show(TokenRegistrySynced, { row: {} }).text()).toBe('—')
  })

  it('show the provider, and one that is newer than the page by its name', () => {
    expect(show(TokenRegistryProvider, { row: { providerName: 'ecr' } }).text()).toBe('Amazon ECR')
    expect(show(TokenRegistryProvider, { row: { providerName: 'quay' } }).text()).toBe('quay')
    expect(show(TokenRegistryProvider, { row: { providerName: '' } }).text()).toBe('—')
  })

  it('show where the Secrets go, a project by its name where the user may see it', () => {
    const target = (project?: string): string => {
      const row = {
        metadata: { namespace: 'shop' },
        spec: project === undefined ? {} : { target: { project } },
      }
      return show(TokenRegistryTarget, { row }).text()
    }
    expect(target()).toBe('Its namespace')
    expect(target('local:p-shop')).toBe('Project Web shop')
    expect(target('local:p-other')).toBe('Project local:p-other')
    const cluster = { metadata: {}, status: { summary: { target: 'selected namespaces' } } }
    expect(show(TokenRegistryTarget, { row: cluster }).text()).toBe('selected namespaces')
    expect(show(TokenRegistryTarget, { row: {} }).text()).toBe('—')
  })

  it('show the code with its meaning', () => {
    const cell = show(TokenRegistryReason, { row: { failureCode: 'NotOwner' } })
    expect(cell.text()).toBe('NotOwner')
    expect(cell.attributes('aria-label')).toContain(
      'NotOwner: A Secret of that name belongs to somebody else',
    )
    expect(show(TokenRegistryReason, { row: { failureCode: 'FromTheFuture' } }).text()).toBe('FromTheFuture')
    expect(show(TokenRegistryReason, { row: {} }).text()).toBe('—')
  })

  it('tell a password without an end from none at all', () => {
    const noneKey = 'tokenRegistries.list.noEnd'
    expect(show(TokenRegistryTime, { row: { status: { issuedAt: after(0) } }, noneKey }).text()).toBe(
      'No end',
    )
    expect(show(TokenRegistryTime, { row: {}, noneKey }).text()).toBe('—')
    expect(show(TokenRegistryTime, { row: { status: { issuedAt: after(0) } } }).text()).toBe('—')
  })

  it('turn red at the second at which the password ends', async () => {
    jest.useFakeTimers({ now: start })
    const conditions = [
      { type: 'Ready', status: 'True', reason: 'Ready', message: '', lastTransitionTime: after(-hour) },
      {
        type: 'CredentialIssued',
        status: 'True',
        reason: 'Issued',
        message: '',
        lastTransitionTime: after(-hour),
      },
    ]
    const targets = { desired: 1, synced: 1, failed: 0 }
    const row = { status: { conditions, targets, issuedAt: after(-hour), expiresAt: after(hour) } }
    const badge = show(TokenRegistryState, { row })
    const words = (): [string, string] => [
      badge.text(),
      badge.classes().find((name) => name.startsWith('bg-')) ?? '',
    ]
    expect(words()).toEqual(['Ready', 'bg-success'])
    await jest.advanceTimersByTimeAsync(hour - 1)
    expect(words()).toEqual(['Ready', 'bg-success'])
    await jest.advanceTimersByTimeAsync(1)
    expect(words()).toEqual(['Expired', 'bg-error'])
    badge.unmount()
    jest.useRealTimers()
  })
})

describe('the list', () => {
  const stubs = { BackendBanner: true, Masthead: true, PaginatedResourceTable: true }

  function list(schema?: object) {
    const props = { resource: 'tokenregistries.io.clustertokenregistry', schema }
    return mount(RegistryList as any, { props, global: { directives, stubs } })
  }

  it('is a table for whoever may list', () => {
    const wrapper = list({ id: 'x', collectionMethods: ['GET', 'POST'] })
    expect(wrapper.find('[data-testid=token-registries-table]').exists()).toBe(true)
    expect(wrapper.find('[data-testid=token-registries-no-access]').exists()).toBe(false)
  })

  it('looks again while it is open', async () => {
    jest.useFakeTimers()
    const dispatch = jest.fn(async () => undefined)
    const $store = { getters: { 'cluster/havePage': () => ({ request: {} }) }, dispatch }
    const wrapper = mount(RegistryList as any, {
      props: { resource: 'x', schema: { id: 'x', collectionMethods: ['GET'] } },
      global: { directives, stubs, mocks: { $store } },
    })
    await jest.advanceTimersByTimeAsync(lookAgainMs)
    expect(dispatch).toHaveBeenCalledTimes(1)
    wrapper.unmount()
    await jest.advanceTimersByTimeAsync(5 * lookAgainMs)
    expect(dispatch).toHaveBeenCalledTimes(1)
    jest.useRealTimers()
  })

  it.each([
    ['has no right on the kind, of which there is no schema then', undefined],
    ['may only create', { id: 'x', collectionMethods: ['POST'] }],
  ])('says so to whoever %s', (_who, schema) => {
    const wrapper = list(schema)
    expect(wrapper.text()).toContain('You do not have the right to see these.')
    expect(wrapper.find('[data-testid=token-registries-table]').exists()).toBe(false)
  })
})

describe('an empty list', () => {
  it('leads to the form of whoever may create', () => {
    const props = { resource: 'tokenregistries.io.tokenregistry', mayCreate: true }
    const list = show(EmptyList, props)
    expect(list.text()).toContain('No registries here yet.')
    expect(list.find('a').attributes('href')).toBe(
      JSON.stringify({ name: 'c-cluster-product-resource-create', params: { cluster: 'local' } }),
    )
  })

  it('offers nothing to others', () => {
    const list = show(EmptyList, { resource: 'tokenregistries.io.clustertokenregistry', mayCreate: false })
    expect(list.text()).toContain('No cluster registries yet.')
    expect(list.find('a').exists()).toBe(false)
  })
})

describe('the question whether to delete', () => {
  const value = [
    {
      metadata: { uid: 'u1' },
      spec: { deletionPolicy: 'Delete' },
      status: { targets: { desired: 12, synced: 12, failed: 0 } },
    },
  ]

  async function ask(answer: () => Promise<unknown>, more: Record<string, unknown> = {}) {
    const schema = { collectionMethods: ['GET'], links: { collection: '/v1/secrets' } }
    const getters = { ...prefs, 'cluster/schemaFor': () => schema }
    const dispatch = jest.fn(answer)
    const mocks = { $store: { getters, dispatch }, $fetchState: { pending: false } }
    const props = { value, names: ['shop-ecr'], type: 'Registry', ...more }
    const wrapper = mount(RemoveRegistries as any, { props, global: { directives, mocks } })
    await (RemoveRegistries as any).fetch.call(wrapper.vm)
    await flushPromises()
    return { wrapper, dispatch }
  }

  it('names the namespaces that lose their Secret, and counts those beyond the rights of the user', async () => {
    const data = ['shop', 'shop-jobs'].map((namespace) => ({ metadata: { name: 'shop-ecr', namespace } }))
    const { wrapper, dispatch } = await ask(() => Promise.resolve({ data }))
    expect(dispatch.mock.calls.flat()).toContainEqual(
      expect.objectContaining({ url: expect.stringContaining(encodeURIComponent('=u1')) }),
    )
    expect(wrapper.text()).toContain('You are attempting to delete the Registry shop-ecr.')
    expect(wrapper.find('[data-testid=remove-lost]').text()).toBe(
      'The pull Secret is removed, and new pods cannot pull any more, in: shop, shop-jobs and 10 more namespaces.',
    )
    expect(wrapper.find('[data-testid=remove-kept]').exists()).toBe(false)
  })

  it('tells the number alone when Secrets cannot be listed', async () => {
    const { wrapper } = await ask(() => Promise.reject({ _status: 500 }))
    expect(wrapper.find('[data-testid=remove-lost]').text()).toContain('in: 12 namespaces.')
  })

  it('says what Retain means', async () => {
    const retained = [{ ...value[0], spec: { deletionPolicy: 'Retain' } }]
    const { wrapper } = await ask(() => Promise.resolve({ data: [] }), { value: retained })
    expect(wrapper.find('[data-testid=remove-kept]').text()).toContain('stays (deletion policy Retain)')
    expect(wrapper.find('[data-testid=remove-lost]').exists()).toBe(false)
  })

  it('says when no Secret is there', async () => {
    const { wrapper } = await ask(() => Promise.resolve({ data: [] }), {
      value: [{ metadata: { uid: 'u1' } }],
    })
    expect(wrapper.find('[data-testid=remove-none]').exists()).toBe(true)
  })

  it('shows what the last try was refused with: the shell does not', async () => {
    const { wrapper } = await ask(() => Promise.resolve({ data: [] }), { error: 'may not delete' })
    expect(wrapper.text()).toContain('may not delete')
  })
})
