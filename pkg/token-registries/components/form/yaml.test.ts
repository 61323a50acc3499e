import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { formPage, type Given } from '../../test/form-page'

enableAutoUnmount(afterEach)

const collection = '/k8s/clusters/local/apis/tokenregistries.io/v1alpha1/namespaces/shop/tokenregistries'
const asked = `POST ${collection}?fieldValidation=Strict&dryRun=All`
const yaml = ({ namespace = 'shop', secret = 'shop-ecr-credentials', provider = 'ecr' } = {}) => `
apiVersion: tokenregistries.io/v1alpha1
kind: TokenRegistry
metadata: { name: shop-ecr, namespace: ${namespace} }
spec:
  provider: { ${provider}: { region: eu-west-1 } }
  credentials: { secret: { name: ${secret}, keys: { accessKeyId: id } } }
`

async function page(keys: Record<string, string>, given: Given = {}) {
  const shown = await formPage(given)
  await shown.form.click('card-ecr')
  await shown.form.name('shop-ecr')
  for (const [name, key] of Object.entries(keys)) await shown.form.fill(`form-key-${name}`, key)
  const requests = () => shown.sent.map(({ method, url }) => `${method} ${url}`)
  return { ...shown, requests }
}

const complete = { accessKeyId: 'AKIA', secretAccessKey: 'canary' }

describe('saving from the YAML editor', () => {
  it('without keys typed writes no Secret, whichever the YAML names', async () => {
    const { form, requests, writeYaml } = await page({})
    expect(await form.saveYaml(yaml({ secret: 'theirs', namespace: 'free' }))).toEqual([])
    expect(requests()).toEqual([])
    expect(writeYaml).toHaveBeenCalledWith(yaml({ secret: 'theirs', namespace: 'free' }), '')
  })

  it('asks first, then writes the Secret as the YAML has it, then the YAML', async () => {
    const { form, leave, sent, requests, writeYaml } = await page(complete)
    writeYaml.mockImplementation(async () => expect(sent).toHaveLength(2))
    expect(await form.saveYaml(yaml())).toEqual([])
    expect(requests()).toEqual([asked, 'POST /v1/secrets'])
    expect(sent[1]?.data).toMatchObject({
      metadata: { namespace: 'shop', name: 'shop-ecr-credentials' },
      stringData: { id: 'AKIA', secretAccessKey: 'canary' },
    })
    expect(writeYaml).toHaveBeenCalledTimes(1)
    leave()
    await flushPromises()
    expect(requests()).toHaveLength(2)
  })

  it.each([
    ['another namespace', complete, { namespace: 'free' }, /this YAML says otherwise/],
    ['another Secret', complete, { secret: 'theirs' }, /for Secret shop-ecr-credentials in namespace shop/],
    ['another provider', complete, { provider: 'static' }, /this YAML says otherwise/],
    ['not all keys', { accessKeyId: 'AKIA' }, {}, /not all that are needed/],
  ])('writes nothing and says so: %s', async (_, keys, other, words) => {
    const { form, requests, writeYaml } = await page(keys)
    expect(await form.saveYaml(yaml(other))).toEqual([expect.stringMatching(words)])
    expect(requests()).toEqual([])
    expect(writeYaml).not.toHaveBeenCalled()
  })

  it('writes no Secret for a registry that would be refused', async () => {
    const message = 'strict decoding error: unknown field "spec.suspendd"'
    const { form, requests, writeYaml } = await page(complete, {
      answer: (request) => (request === asked ? Promise.reject({ _status: 400, message }) : undefined),
    })
    expect(await form.saveYaml(yaml())).toEqual([expect.stringContaining('spec.suspendd')])
    expect(requests()).toEqual([asked])
    expect(writeYaml).not.toHaveBeenCalled()
  })

  it('tells why the Secret was refused', async () => {
    const { form, writeYaml } = await page(complete, {
      answer: (request) =>
        request === 'POST /v1/secrets'
          ? Promise.reject({ _status: 403, message: 'exceeded quota: secrets' })
          : undefined,
    })
    expect(await form.saveYaml(yaml())).toEqual([
      expect.stringMatching(/^The Secret with the credentials could not be written/),
      expect.stringContaining('exceeded quota: secrets'),
    ])
    expect(writeYaml).not.toHaveBeenCalled()
  })

  it('names the fields of a refusal, and passes on what the shell says', async () => {
    const { form, writeYaml } = await page({})
    writeYaml.mockRejectedValueOnce({
      _status: 422,
      message: 'TokenRegistry "a" is invalid: spec.provider.ecr.region: Required value',
    })
    expect(await form.saveYaml(yaml())).toEqual(['spec.provider.ecr.region: Required'])
    writeYaml.mockRejectedValueOnce('A namespace must be provided.')
    expect(await form.saveYaml(yaml())).toEqual(['A namespace must be provided.'])
  })

  it.each([
    ['a: [', /./],
    ['just words', /not the YAML of a registry/],
  ])('of what is no registry says so: %s', async (text, words) => {
    const { form, writeYaml } = await page(complete)
    expect(await form.saveYaml(text)).toEqual([expect.stringMatching(words)])
    expect(writeYaml).not.toHaveBeenCalled()
  })

  it('keeps the Secret of a registry whose answer was lost', async () => {
    const live = { spec: { credentials: { secret: { name: 'shop-ecr-credentials' } } } }
    const { form, leave, requests, writeYaml } = await page(complete, {
      answer: (request) => (request === `GET ${collection}/shop-ecr` ? live : undefined),
    })
    writeYaml.mockRejectedValue(new Error('Network Error'))
    expect(await form.saveYaml(yaml())).toEqual([expect.stringMatching(/^There was no answer/)])
    leave()
    await flushPromises()
    expect(requests().filter((request) => request.startsWith('DELETE'))).toEqual([])
  })

  it('is as usual again for an object whose form is gone', async () => {
    const { page: form, leave } = await page({})
    const { value } = form.props() as { value: { saveYaml?: unknown } }
    expect(value.saveYaml).toBeDefined()
    leave()
    // In the page the model's own is below it.
    expect(value.saveYaml).toBeUndefined()
  })
})
