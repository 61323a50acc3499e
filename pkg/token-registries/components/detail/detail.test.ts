import { enableAutoUnmount, flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { h, reactive } from 'vue'
import { condition, ecrSpec, healthyStatus, hours, noon, registryWith } from '../../test/registry'
import { translate } from '../../test/translate'
import type { DetailRegistry } from '../../utils/details'
import RegistryDetail from './RegistryDetail.vue'
import RegistryHeadline from './RegistryHeadline.vue'
import RegistryHistory from './RegistryHistory.vue'
import RegistryOverview from './RegistryOverview.vue'
import RegistryTargets from './RegistryTargets.vue'

const secrets = { collectionMethods: ['GET'], links: { collection: 'https://rancher.example/v1/secrets' } }

interface Given {
  readonly schemas?: Record<string, object>
  readonly answer?: () => unknown
}

/** As much of the Dashboard as the page touches. */
function dashboard({
  schemas = { secret: secrets, namespace: {} },
  answer = () => ({ data: [] }),
}: Given = {}) {
  const dispatch = jest.fn(async () => answer())
  const getters = {
    clusterId: 'local',
    'cluster/schemaFor': (type: string) => schemas[type],
    'management/byId': (_type: string, id: string) =>
      id === 'local/p-1' ? { nameDisplay: 'Shop' } : undefined,
    'prefs/get': () => 'YYYY',
    'i18n/t': translate,
    'i18n/exists': () => false,
  }
  return { getters, dispatch }
}

/** Draws a table by the slots that the page gives it: what stands in a cell is the page's own. */
const table = {
  props: ['headers', 'rows', 'keyField'],
  render(this: {
    headers: { name: string }[]
    rows: Record<string, string>[]
    keyField: string
    $slots: Record<string, (scope: object) => unknown>
  }) {
    return h(
      'table',
      this.rows.map((row) =>
        h(
          'tr',
          { key: row[this.keyField] },
          this.headers.map(({ name }) => this.$slots[`col:${name}`]?.({ row })) as never,
        ),
      ),
    )
  },
}

const slotted = { template: '<section><slot /></section>' }

function show(
  component: object,
  props: object,
  given?: Given,
): { page: VueWrapper; store: ReturnType<typeof dashboard> } {
  const store = dashboard(given)
  const page = mount(component, {
    props: props as never,
    global: {
      mocks: { $store: store },
      directives: {
        cleanTooltip: {},
        cleanHtml: (element: HTMLElement, { value }: { value: string }) => {
          element.innerHTML = value
        },
      },
      stubs: {
        t: true,
        SortableTable: table,
        ResourceTabs: slotted,
        Tab: slotted,
        RouterLink: { props: ['to'], template: '<a :data-to="to.params.resource"><slot /></a>' },
      },
    },
  })
  return { page, store }
}

const text = (page: VueWrapper, id: string): string => page.get(`[data-testid="${id}"]`).text()
const texts = (page: VueWrapper, id: string): string[] =>
  page.findAll(`[data-testid="${id}"]`).map((node) => node.text())
const cells = (page: VueWrapper): string[][] =>
  page.findAll('tr').map((row) => row.findAll('td').map((cell) => cell.text()))

// Clocks of pages that stay mounted would tick on.
enableAutoUnmount(afterEach)

beforeEach(() => {
  jest.useFakeTimers({ now: noon, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] })
})

afterEach(() => {
  jest.useRealTimers()
})

describe('headline', () => {
  const of = (registry: DetailRegistry): VueWrapper => show(RegistryHeadline, { registry }).page

  it('says that pulls work, and counts to the next refresh', async () => {
    const page = of(registryWith(healthyStatus))
    expect(text(page, 'registry-headline-sentence')).toBe('Pulls work in 1 namespace. Next refresh in 3 h.')
    expect(page.get('.banner').classes()).toContain('success')
    jest.advanceTimersByTime(3_600_001)
    await flushPromises()
    expect(text(page, 'registry-headline-sentence')).toBe('Pulls work in 1 namespace. Next refresh in 1 h.')
  })

  it('turns red by itself when the end comes', async () => {
    const page = of(registryWith({ ...healthyStatus, nextRefreshAt: undefined } as never))
    jest.advanceTimersByTime(7 * 3_600_000 + 120_000)
    await flushPromises()
    expect(page.get('.banner').classes()).toContain('error')
  })

  it('shows code, meaning, message and next try of a failing refresh in amber', () => {
    const status = {
      ...healthyStatus,
      conditions: [
        condition('Ready', 'True', 'Ready'),
        condition('CredentialIssued', 'False', 'AccessDenied'),
        condition('SecretsSynced', 'True', 'Synced'),
      ],
      attempts: 2,
      nextRefreshAt: hours(0.5),
    }
    const page = of(registryWith(status))
    expect(page.get('.banner').classes()).toContain('warning')
    expect(text(page, 'registry-headline-explanation')).toContain(
      `AccessDenied: ${translate('tokenRegistries.health.codes.AccessDenied')}`,
    )
    expect(text(page, 'registry-headline-message')).toBe("The server says: AccessDenied: the server's words")
    expect(text(page, 'registry-headline-notes')).toBe(
      'The last 2 tries failed, the first of them 2 h ago. The next try is in 30 min.',
    )
  })

  it('is calm about a registry that the server has not looked at yet', () => {
    const page = of(registryWith(undefined))
    expect(page.get('.banner').classes()).toContain('info')
    expect(page.find('[data-testid="registry-headline-message"]').exists()).toBe(false)
  })

  it('offers no action to whom it would be refused', () => {
    expect(of(registryWith(healthyStatus)).find('button').exists()).toBe(true)
    expect(
      of(registryWith(healthyStatus, ecrSpec, { canUpdate: false }))
        .find('button')
        .exists(),
    ).toBe(false)
  })

  it('refreshes, and shows on the button what came of it', async () => {
    const outcomes = [
      {
        lastHandledRefreshRequest: 'a',
        conditions: [condition('CredentialIssued', 'False', 'AccessDenied')],
      },
      { lastHandledRefreshRequest: 'b', conditions: [condition('CredentialIssued', 'True', 'Issued')] },
      { lastHandledRefreshRequest: 'b', conditions: [condition('CredentialIssued', 'True', 'Issued')] },
    ]
    const labels: string[] = []
    const registry = reactive(registryWith(healthyStatus)) as {
      -readonly [K in keyof DetailRegistry]: DetailRegistry[K]
    }
    registry.refreshNow = async () => {
      registry.status = { ...healthyStatus, ...outcomes.shift() }
    }
    const page = of(registry)
    while (outcomes.length > 0) {
      await page.get('button').trigger('click')
      await flushPromises()
      labels.push(page.get('button').text())
    }
    // The third was refused: nothing was handled.
    expect(labels).toEqual(['Failed', 'Refreshed', 'Failed'])
  })

  it('resumes a suspended registry in place of refreshing it', async () => {
    const resume = jest.fn().mockResolvedValue(undefined)
    const page = of(registryWith(healthyStatus, { ...ecrSpec, suspend: true }, { resume }))
    expect(page.findAll('button').map((button) => button.text())).toEqual(['Resume'])
    await page.get('button').trigger('click')
    expect(resume).toHaveBeenCalledTimes(1)
  })

  it('leaves no timer behind', () => {
    const page = of(registryWith(healthyStatus))
    expect(jest.getTimerCount()).toBe(1)
    page.unmount()
    expect(jest.getTimerCount()).toBe(0)
  })
})

describe('namespaces', () => {
  const answer = () => ({ data: [{ metadata: { name: 'images', namespace: 'shop' } }] })

  it('lists the Secrets that the user can see, with links', async () => {
    const { page } = show(RegistryTargets, { registry: registryWith(healthyStatus) }, { answer })
    await flushPromises()
    expect(text(page, 'registry-targets-counts')).toBe('1 of 1 namespace has the current password.')
    expect(cells(page)).toEqual([['Up to date', 'shop', 'images', '—', '—', '—']])
    expect(page.findAll('a').map((link) => link.attributes('data-to'))).toEqual(['namespace', 'secret'])
  })

  it('tells a failure with its meaning, the message and since when', async () => {
    const failures = [{ namespace: 'shop', reason: 'NotOwner', message: "it's theirs", since: hours(-3) }]
    const status = { ...healthyStatus, targets: { desired: 1, synced: 0, failed: 1 }, failures }
    const { page } = show(RegistryTargets, { registry: registryWith(status) })
    await flushPromises()
    const [row] = cells(page)
    expect(row?.[0]).toBe('Failed')
    expect(row?.[4]).toContain("it's theirs")
    expect(page.get('[aria-label^="NotOwner"]').attributes('aria-label')).toBe(
      `NotOwner: ${translate('tokenRegistries.health.codes.NotOwner')}`,
    )
    expect(row?.[5]).toBe('3 h ago')
  })

  it('says counts, and why there is no more, to a user who may not list Secrets', async () => {
    const { page, store } = show(RegistryTargets, { registry: registryWith(healthyStatus) }, { schemas: {} })
    await flushPromises()
    expect(store.dispatch).not.toHaveBeenCalled()
    expect(page.find('table').exists()).toBe(false)
    expect(text(page, 'registry-targets-counts')).toContain('1 of 1 namespace')
    expect(texts(page, 'registry-targets-note')).toEqual([translate('tokenRegistries.detail.targets.hidden')])
  })

  it('counts the namespaces that the user cannot see into', async () => {
    const spec = { ...ecrSpec, target: { project: 'local:p-1' } }
    const status = { ...healthyStatus, targets: { desired: 4, synced: 4, failed: 0 } }
    const { page } = show(RegistryTargets, { registry: registryWith(status, spec) }, { answer })
    await flushPromises()
    expect(texts(page, 'registry-targets-note')[0]).toMatch(/^3 more namespaces/)
  })

  it('tells when the Secrets could not be read', async () => {
    const fail = () => {
      throw { _status: 500, message: "the server isn't there" }
    }
    const { page } = show(RegistryTargets, { registry: registryWith(healthyStatus) }, { answer: fail })
    await flushPromises()
    expect(text(page, 'registry-targets-problem')).toBe(
      "The Secrets could not be read: the server isn't there",
    )
  })

  it('reads the Secrets anew when something was written, and not for other changes', async () => {
    const registry = registryWith(healthyStatus)
    const { page, store } = show(RegistryTargets, { registry }, { answer })
    await flushPromises()
    await page.setProps({ registry: registryWith({ ...healthyStatus, attempts: 1 }) } as never)
    expect(store.dispatch).toHaveBeenCalledTimes(1)
    await page.setProps({ registry: registryWith({ ...healthyStatus, issuedAt: hours(0) }) } as never)
    expect(store.dispatch).toHaveBeenCalledTimes(2)
  })

  it('keeps the newer of two answers', async () => {
    const answers: ((list: object) => void)[] = []
    const later = () => new Promise((resolve) => answers.push(resolve))
    const { page } = show(RegistryTargets, { registry: registryWith(healthyStatus) }, { answer: later })
    await page.setProps({ registry: registryWith({ ...healthyStatus, issuedAt: hours(-4) }) } as never)
    answers[1]?.({ data: [{ metadata: { name: 'new', namespace: 'shop' } }] })
    answers[0]?.({ data: [{ metadata: { name: 'old', namespace: 'shop' } }] })
    await flushPromises()
    expect(cells(page)[0]?.[2]).toBe('new')
  })
})

describe('history', () => {
  const history = [
    { time: hours(-8), outcome: 'Succeeded' as const, durationMs: 120, expiresAt: hours(4) },
    { time: hours(-1), outcome: 'Failed' as const, durationMs: 2500, reason: 'Unavailable' },
  ]

  it('draws bars with their text, failed ones hollow, and a table with the newest on top', () => {
    const { page } = show(RegistryHistory, { registry: registryWith({ ...healthyStatus, history }) })
    expect(page.get('svg').attributes('role')).toBe('img')
    expect(page.get('svg').attributes('aria-label')).toBe(
      'Tries from oldest to newest: Succeeded, Failed (Unavailable)',
    )
    expect(page.findAll('rect').map((bar) => bar.classes('failed'))).toEqual([false, true])
    expect(text(page, 'registry-history-summary')).toBe('1 of the last 2 tries failed.')
    expect(page.text()).toContain('the longest took 2.5 s')
    const [newest, oldest] = cells(page)
    expect(newest?.slice(0, 2)).toEqual(['1 h ago', 'Failed'])
    expect(newest?.[3]).toBe('2.5 s')
    expect(oldest).toEqual(['8 h ago', 'Succeeded', '—', '120 ms', 'in 4 h'])
  })

  it('says so when there is none', () => {
    const { page } = show(RegistryHistory, { registry: registryWith(undefined) })
    expect(text(page, 'registry-history-empty')).toBe('No password has been asked for yet.')
    expect(page.find('svg').exists()).toBe(false)
  })
})

describe('overview', () => {
  it('names the provider and the project as people know them, and what else is set', () => {
    const spec = { ...ecrSpec, target: { project: 'local:p-1' } }
    const { page } = show(RegistryOverview, { registry: registryWith(healthyStatus, spec) })
    expect(text(page, 'registry-credential')).toContain('Amazon ECR')
    expect(text(page, 'registry-pull-secret')).toContain('All namespaces of project Shop')
    expect(text(page, 'registry-settings')).toContain('eu-west-1')
  })

  it('names the projects of a selection', () => {
    const namespaces = { projects: ['local:p-1', 'local:p-2'], trustLabelsAndNames: false }
    const registry = registryWith(healthyStatus, { ...ecrSpec, namespaces }, { metadata: { name: 'base' } })
    const { page } = show(RegistryOverview, { registry })
    expect(text(page, 'registry-settings')).toMatch(/Projects\s*Shop\s*local:p-2/)
  })

  it('shows the id of a project that cannot be read', () => {
    const spec = { ...ecrSpec, target: { project: 'c-m-1:p-2' } }
    const { page } = show(RegistryOverview, { registry: registryWith(healthyStatus, spec) })
    expect(text(page, 'registry-pull-secret')).toContain('c-m-1:p-2')
  })

  it('links to the one pull Secret and to the credentials for those who may read them', () => {
    const links = (given?: Given): string[] => {
      const { page } = show(RegistryOverview, { registry: registryWith(healthyStatus) }, given)
      return page.findAll('a').map((link) => link.text())
    }
    expect(links()).toEqual(['images', 'shop-ecr-credentials'])
    expect(links({ schemas: {} })).toEqual([])
  })
})

describe('page', () => {
  it('stands for a registry of which nothing is known', async () => {
    const bare = { metadata: { name: 'new', uid: 'u' }, type: 'tokenregistries.io.clustertokenregistry' }
    const { page } = show(RegistryDetail, { value: bare })
    await flushPromises()
    expect(page.get('[data-testid="registry-detail"]').text()).toContain(
      translate('tokenRegistries.health.pending.none'),
    )
  })
})
