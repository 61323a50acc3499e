// What becomes of the Secret, and what is said, when it is not known whether the registry was written.
import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { formPage, type Given, type Sent } from '../../test/form-page'

enableAutoUnmount(afterEach)
beforeEach(() => {
  Element.prototype.scrollIntoView = jest.fn()
})

const collection = '/k8s/clusters/local/apis/tokenregistries.io/v1alpha1/namespaces/shop/tokenregistries'
const post = `POST ${collection}?fieldValidation=Strict`
const read = `GET ${collection}/shop-ecr`
const secret = '/k8s/clusters/local/api/v1/namespaces/shop/secrets/shop-ecr-credentials'
const noAnswer = new Error('Network Error')
const gone = { _status: 404, reason: 'NotFound' }
const taken = { _status: 409, reason: 'AlreadyExists' }

/** What is in the cluster, with what the API server adds. */
const live = ({ secretName = 'shop-ecr-credentials', region = 'eu-west-1' } = {}) => ({
  apiVersion: 'tokenregistries.io/v1alpha1',
  kind: 'TokenRegistry',
  metadata: { name: 'shop-ecr', namespace: 'shop', uid: 'r-1' },
  spec: {
    provider: { ecr: { region, fips: false } },
    credentials: { secret: { name: secretName } },
    serviceAccounts: { attach: 'Default' },
    suspend: false,
  },
})

async function filled(answer: NonNullable<Given['answer']>) {
  const shown = await formPage({ answer })
  const { form } = shown
  await form.click('card-ecr')
  await form.name('shop-ecr')
  await form.fill('field-spec.provider.ecr.region', 'eu-west-1')
  await form.fill('form-key-accessKeyId', 'AKIA')
  await form.fill('form-key-secretAccessKey', 'canary')
  return shown
}

/** Loses the answer to the registry; what is there is what the test says. */
const losing = (found: () => unknown, lost: unknown = noAnswer) =>
  filled((request) => (request === post ? Promise.reject(lost) : request === read ? found() : undefined))

const removed = (sent: readonly Sent[]) =>
  sent.filter(({ method }) => method === 'DELETE').map(({ url }) => url)

describe('leaving the form', () => {
  it('leaves the Secret of a registry that is there', async () => {
    const { form, leave, sent } = await filled(() => undefined)
    await form.save()
    leave()
    await flushPromises()
    expect(removed(sent)).toEqual([])
  })

  it('takes a Secret away that was made for a registry that never came', async () => {
    const { form, leave, sent } = await losing(() => Promise.reject(gone), { _status: 500 })
    expect(await form.save()).toBe(false)
    leave()
    await flushPromises()
    expect(removed(sent)).toEqual([secret])
  })

  it('takes it away also where a registry of that name uses another', async () => {
    const { form, leave, sent } = await losing(() => live({ secretName: 'theirs' }))
    expect(await form.save()).toBe(false)
    leave()
    await flushPromises()
    expect(removed(sent)).toEqual([secret])
  })

  it.each([
    ['is in use', () => live({ region: 'eu-west-3' }), 'The registry was saved'],
    ['may be in use', () => Promise.reject(noAnswer), 'A Secret was kept'],
  ])('says that the Secret stays where it %s', async (_, found, title) => {
    const { form, leave, sent, dispatch } = await losing(found)
    expect(await form.save()).toBe(false)
    leave()
    await flushPromises()
    expect(removed(sent)).toEqual([])
    const growl = [expect.stringMatching(/^growl/), expect.objectContaining({ title })]
    expect(dispatch).toHaveBeenCalledWith(...growl)
  })

  it('waits for a save that is under way', async () => {
    let answer: (value: object) => void = () => undefined
    const { form, leave, sent } = await filled((request) =>
      request === post ? new Promise((resolve) => (answer = resolve)) : undefined,
    )
    await form.save()
    leave()
    await flushPromises()
    expect(removed(sent)).toEqual([])
    answer({})
    await flushPromises()
    expect(removed(sent)).toEqual([])
  })
})

describe('saving', () => {
  it('has saved what turns out to be there', async () => {
    const { form, leave, sent, replace } = await losing(() => live())
    expect(await form.save()).toBe(true)
    expect(replace).toHaveBeenCalled()
    leave()
    await flushPromises()
    expect(removed(sent)).toEqual([])
  })

  it('again finds the registry of the first try, and brings the keys that were typed since', async () => {
    let up = false
    const { form, sent } = await filled((request) => {
      if (request === post) return Promise.reject({ _status: 504 })
      if (request === read) return up ? live() : Promise.reject({ _status: 503 })
      return up && request.startsWith(post) ? Promise.reject(taken) : undefined
    })
    expect(await form.save()).toBe(false)
    up = true
    await form.fill('form-key-secretAccessKey', 'second')
    expect(await form.save()).toBe(true)
    expect(sent.find(({ method }) => method === 'PATCH')).toMatchObject({
      url: '/v1/secrets/shop/shop-ecr-credentials',
      data: { stringData: { secretAccessKey: 'second' } },
    })
  })

  it('does not take a registry of that name for its own that says something else', async () => {
    const { form } = await losing(() => live({ region: 'eu-west-3' }))
    expect(await form.save()).toBe(false)
    expect(form.errors()).toEqual([expect.stringMatching(/^There was no answer/)])
  })

  it('under another name leaves the Secret to the registry of the first try', async () => {
    const { form, sent } = await losing(() => live({ region: 'eu-west-3' }))
    expect(await form.save()).toBe(false)
    await form.name('other')
    await form.save()
    expect(sent.filter(({ url }) => url === '/v1/secrets')).toHaveLength(2)
    expect(removed(sent)).toEqual([])
  })

  it.each([
    ['no answer', noAnswer, /^There was no answer/],
    ['a failure', { _status: 500, message: 'etcd' }, /^The cluster failed: etcd/],
    ['no login', { _status: 401 }, /^You are no longer logged in/],
    ['too many requests', { _status: 429, message: 'later' }, /^The cluster refused it: later/],
  ])('says above the form what has no field: %s', async (_, refusal, words) => {
    const { form } = await filled(() => Promise.reject(refusal))
    expect(await form.save()).toBe(false)
    expect(form.errors()).toEqual([expect.stringMatching(words)])
  })
})

describe('a kind that the user knows nothing of', () => {
  it.each(['create', 'edit'] as const)('is told in words: %s', async (mode) => {
    const type = 'tokenregistries.io.clustertokenregistry'
    const { page, sent } = await formPage({ type, hidden: true, mode })
    expect(page.get('[data-testid=form-refused]').text()).toMatch(/^You do not have the right to see this/)
    expect(sent).toEqual([])
  })
})

it('declares what the shell reads of it', async () => {
  const { page } = await filled(() => undefined)
  expect(page.vm.storeOverride).toBeNull()
})
