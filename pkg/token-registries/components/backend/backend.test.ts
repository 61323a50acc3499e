import { flushPromises, mount } from '@vue/test-utils'
import { TYPES } from '../../config/types'
import { apiRevision } from '../../generated/types'
import BackendBanner from './BackendBanner.vue'

const status = {
  version: '0.1.0',
  apiRevision,
  providers: [],
  namespace: 'token-registries-system',
  policy: {},
}

async function banner(answer: () => Promise<unknown>, types: readonly string[] = Object.values(TYPES)) {
  const getters = {
    'cluster/schemaFor': (type: string) => (types.includes(type) ? {} : undefined),
    currentCluster: { nameDisplay: 'production' },
  }
  const $store = { getters, dispatch: answer }
  const stubs = { CopyToClipboard: { props: ['text'], template: '<button :data-text="text" />' } }
  const wrapper = mount(BackendBanner as any, { global: { mocks: { $store }, stubs } })
  await (BackendBanner as any).fetch.call(wrapper.vm)
  await flushPromises()
  return wrapper
}

describe('the banner about the server', () => {
  it.each([
    ['ready', () => Promise.resolve({ status })],
    ['not to be read by this user', () => Promise.reject({ _status: 403 })],
    ['not to be asked now', () => Promise.reject({ _status: 503 })],
  ])('is not there while it is %s', async (_name, answer) => {
    expect((await banner(answer)).text()).toBe('')
  })

  it.each([
    [
      'silent',
      {},
      'has not reported',
      'Please check the Deployment token-registries in the namespace token-registries-system of the cluster production',
    ],
    [
      'older',
      { status: { ...status, apiRevision: apiRevision - 1 } },
      '(version 0.1.0) is older than this page',
      'Please upgrade the chart token-registries (namespace token-registries-system) in the cluster production.',
    ],
    [
      'newer',
      { status: { ...status, apiRevision: apiRevision + 1 } },
      '(version 0.1.0) is newer than this page',
      'Please upgrade the extension Token-based registries in Rancher.',
    ],
  ])('of a server that is %s says so, with a request to copy', async (_state, server, sentence, request) => {
    const wrapper = await banner(() => Promise.resolve(server))
    expect(wrapper.text()).toContain(sentence)
    expect(wrapper.find('button').attributes('data-text')).toContain(request)
  })

  it('names the chart where the server is missing', async () => {
    const wrapper = await banner(() => Promise.reject(new Error('asked')), [])
    expect(wrapper.text()).toContain('Token-based registries are not installed in this cluster.')
    expect(wrapper.text()).toContain(
      'An administrator of the cluster production can install the chart token-registries from Apps.',
    )
  })
})
