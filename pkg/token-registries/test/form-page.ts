// The whole form on a stand-in for the Dashboard: what the user may do, what the cluster answers and what it was sent.
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import RegistryForm from '../components/form/RegistryForm.vue'
import EditCluster from '../edit/tokenregistries.io.clustertokenregistry.vue'
import EditNamespaced from '../edit/tokenregistries.io.tokenregistry.vue'
import { forgetAccess } from '../utils/access'
import { translate } from './translate'

// Heavy, and drawn by stand-ins below.
jest.mock('@shell/components/CruResource.vue', () => ({}))
jest.mock('@shell/components/form/NameNsDescription.vue', () => ({}))

export interface Sent {
  readonly url: string
  readonly method?: string
  readonly data?: unknown
}

export interface Given {
  /** The object that is edited; a new one without it. */
  readonly value?: object
  readonly mode?: 'create' | 'edit'
  readonly realMode?: string
  readonly type?: string
  readonly query?: Record<string, string>
  /** Whether an access review is answered with yes. */
  readonly may?: (attributes: Record<string, string>) => boolean
  /** Refusals and answers by `METHOD address`; by default everything is taken. */
  readonly answer?: (request: string, data: unknown) => unknown
  readonly server?: object
  readonly namespaces?: Record<string, object>
  readonly canCreate?: boolean
  /** The user has no right on the kind: the cluster does not tell of it. */
  readonly hidden?: boolean
  /** Steve's address of the kind's list, for pages that look into it. */
  readonly collection?: string
  /** The request of the list that the way led from. */
  readonly shown?: object
}

const project = { metadata: { annotations: { 'field.cattle.io/projectId': 'local:p-shop' } } }
const server = {
  status: {
    version: '0.1.0',
    apiRevision: 1,
    namespace: 'token-registries-system',
    providers: [
      { name: 'ecr', credentials: ['secret', 'serverIdentity'] },
      { name: 'static', credentials: ['secret'] },
    ],
    policy: {},
  },
}

/** Draws its slots, and saves when the test says so. */
const cru = {
  props: ['subtypes', 'validationPassed', 'errors', 'mode', 'resource', 'selectedSubtype', 'applyHooks'],
  emits: ['select-type', 'finish', 'error'],
  template: `<main><p v-for="e in errors" :key="e" data-testid="error">{{ e }}</p>
    <button v-for="s in subtypes" :key="s.id" :data-testid="'card-' + s.id" @click="$emit('select-type', s.id)">{{ s.label }}</button>
    <slot /></main>`,
}
const names = { props: ['value'], template: '<div data-testid="names" />' }
const select = {
  props: ['value', 'options', 'label'],
  emits: ['update:value', 'on-blur'],
  template: `<select :value="value" v-bind="$attrs" @change="$emit('update:value', $event.target.value)">
    <option v-for="o in options" :key="o.value ?? o" :value="o.value ?? o" :disabled="o.disabled">{{ o.label ?? o }}</option></select>`,
}

/** Labels and banners of the shell are drawn by this directive. */
const cleanHtml = (element: HTMLElement, { value }: { value: string }): void => {
  element.innerHTML = value
}

function exists(key: string): boolean {
  try {
    return translate(key) !== ''
  } catch {
    return false
  }
}

/** Shows the form and waits until it is there. */
export async function formPage(given: Given = {}) {
  forgetAccess()
  const { type = 'tokenregistries.io.tokenregistry', mode = 'create', may = () => true } = given
  const namespaced = type === 'tokenregistries.io.tokenregistry'
  const sent: Sent[] = []
  const schemas: Record<string, object> = {
    ...(!given.hidden && {
      [type]: {
        attributes: {
          kind: 'TokenRegistry',
          resource: namespaced ? 'tokenregistries' : 'clustertokenregistries',
          namespaced,
        },
        collectionMethods: given.canCreate === false ? ['GET'] : ['GET', 'POST'],
        links: { collection: given.collection },
        linkFor: () => '/v1/x',
      },
    }),
    secret: { linkFor: () => '/v1/secrets' },
    'tokenregistries.io.tokenregistryserver': {},
  }
  const namespaces = given.namespaces ?? { shop: project, free: { metadata: {} } }
  const getters: Record<string, unknown> = {
    clusterId: 'local',
    currentStore: () => 'cluster',
    currentCluster: { nameDisplay: 'local' },
    'cluster/schemaFor': (id: string) => schemas[id],
    'cluster/byId': (_: string, id: string) => namespaces[id as keyof typeof namespaces],
    'management/byId': () => ({ nameDisplay: 'Web shop' }),
    'management/schemaFor': () => undefined,
    'cluster/havePage': () => (given.shown ? { request: given.shown } : null),
    'i18n/exists': exists,
    'i18n/t': translate,
  }
  const dispatch = jest.fn(async (action: string, payload: unknown) => {
    if (action === 'cluster/find') return given.server ?? server
    if (!action.endsWith('/request')) return undefined
    const { url, method = 'GET', data } = payload as Sent
    if (url.endsWith('selfsubjectaccessreviews')) {
      const { resourceAttributes } = (data as { spec: { resourceAttributes: Record<string, string> } }).spec
      return { status: { allowed: may(resourceAttributes) } }
    }
    sent.push({ url, method, data })
    return (
      (await given.answer?.(`${method} ${url}`, data)) ?? {
        metadata: { namespace: 'shop', name: 'shop-ecr-credentials', uid: 'u-1' },
      }
    )
  })
  const value = given.value ?? { type, metadata: namespaced ? { name: '', namespace: 'shop' } : { name: '' } }
  const replace = jest.fn()
  const writeYaml = jest.fn((_yaml: string, _initialYaml: string): Promise<unknown> => Promise.resolve())
  const shell = mount((namespaced ? EditNamespaced : EditCluster) as object, {
    props: {
      value: { type, canUpdate: true, saveYaml: writeYaml, ...value },
      mode,
      realMode: given.realMode ?? mode,
      // The shell's page passes on whatever it has.
      errors: [],
      resourceErrors: [],
      notFound: null,
    } as never,
    global: {
      mocks: {
        $store: { getters, dispatch },
        $route: { name: 'c-cluster-product-resource-create', params: {}, query: given.query ?? {} },
        $router: { replace },
      },
      directives: { cleanTooltip: {}, cleanHtml, strippedAriaLabel: {} },
      stubs: {
        t: true,
        CruResource: cru,
        NameNsDescription: names,
        BackendBanner: true,
        LabeledSelect: select,
        Loading: true,
      },
    },
  })
  const page = shell.getComponent(RegistryForm as never) as unknown as VueWrapper<any>
  // The shell's mixin for fetch() is not there.
  await (page.vm.$options as { fetch: () => Promise<void> }).fetch.call(page.vm)
  await flushPromises()
  return { page, leave: () => shell.unmount(), sent, dispatch, replace, writeYaml, form: driver(page) }
}

type Vm = {
  value: { saveYaml(yaml: string, initialYaml: string): Promise<void> }
  draft: { value: { spec: object; metadata: { name: string; namespace: string } } }
}

/** What a user does, in words. */
function driver(page: VueWrapper) {
  const vm = page.vm as unknown as Vm
  const cruResource = () => page.getComponent(cru as never) as unknown as VueWrapper<any>
  return {
    spec: () => vm.draft.value.spec,
    async name(name: string): Promise<void> {
      vm.draft.value.metadata.name = name
      await flushPromises()
    },
    async namespace(namespace: string): Promise<void> {
      vm.draft.value.metadata.namespace = namespace
      await flushPromises()
    },
    async fill(testid: string, text: string): Promise<void> {
      await page.get(`[data-testid="${testid}"]`).setValue(text)
      await flushPromises()
    },
    async click(testid: string): Promise<void> {
      await page.get(`[data-testid="${testid}"]`).trigger('click')
      await flushPromises()
    },
    /** One of several that exclude each other. */
    async choose(testid: string): Promise<void> {
      await page.get(`[data-testid="${testid}"] .radio-container`).trigger('click')
      await flushPromises()
    },
    isReady: () => cruResource().props()['validationPassed'] as boolean,
    errors: () => page.findAll('[data-testid=error]').map((error) => error.text()),
    message: (place: string) => {
      const found = page.findAll(`[data-field="${place}"] [data-testid=field-message]`)
      return found.map((message) => message.text()).join(' ')
    },
    /** Saves from the YAML editor. @returns what is told there, as the shell takes it */
    async saveYaml(yaml: string): Promise<string[]> {
      const told = await vm.value.saveYaml(yaml, '').then(
        () => [],
        (errors: string[]) => errors,
      )
      await flushPromises()
      return told
    },
    /** Presses Save. @returns whether the button shows success */
    async save(): Promise<boolean> {
      const done = jest.fn()
      cruResource().vm.$emit('finish', done)
      await flushPromises()
      return done.mock.calls[0]?.[0] as boolean
    },
  }
}
