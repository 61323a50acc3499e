import { enableAutoUnmount, flushPromises, type VueWrapper } from '@vue/test-utils'
import { formPage, type Given } from '../../test/form-page'
import { collection, existing, refusal } from '../../test/form-values'

enableAutoUnmount(afterEach)
beforeEach(() => {
  Element.prototype.scrollIntoView = jest.fn()
})

/** ECR in namespace shop, filled in as far as it is needed. */
async function filled(given: Given = {}) {
  const shown = await formPage(given)
  await shown.form.click('card-ecr')
  await shown.form.name('shop-ecr')
  await shown.form.fill('field-spec.provider.ecr.region', 'eu-west-1')
  await shown.form.fill('form-key-accessKeyId', 'AKIA')
  await shown.form.fill('form-key-secretAccessKey', 'canary')
  return shown
}

describe('creating', () => {
  it('starts with the providers that the page and the server have', async () => {
    const only = {
      status: {
        version: '9',
        apiRevision: 2,
        namespace: 'x',
        providers: [
          { name: 'static', credentials: ['secret'] },
          { name: 'new', credentials: ['secret'] },
        ],
      },
    }
    const { page } = await formPage({ server: only })
    expect(page.find('[data-testid=card-static]').exists()).toBe(true)
    expect(page.find('[data-testid=card-ecr]').exists()).toBe(false)
    expect(page.find('[data-testid=card-new]').exists()).toBe(false)
  })

  it('says that an address names a provider that is not there', async () => {
    const { page } = await formPage({ query: { type: 'acr' } })
    expect(page.get('[data-testid=form-unknown-provider]').text()).toContain('"acr"')
  })

  it('writes what was entered and what is proposed, and no more', async () => {
    const { form } = await filled()
    expect(form.spec()).toEqual({
      provider: { ecr: { region: 'eu-west-1' } },
      credentials: { secret: { name: 'shop-ecr-credentials' } },
      serviceAccounts: { attach: 'Default' },
    })
  })

  it('can be saved once everything that is needed is there', async () => {
    const { form } = await formPage()
    await form.click('card-ecr')
    expect(form.isReady()).toBe(false)
    await form.name('shop-ecr')
    await form.fill('field-spec.provider.ecr.region', 'eu-west-1')
    await form.fill('form-key-accessKeyId', 'AKIA')
    expect(form.isReady()).toBe(false)
    await form.fill('form-key-secretAccessKey', 'canary')
    expect(form.isReady()).toBe(true)
    await form.fill('field-spec.provider.ecr.region', 'EU')
    expect(form.isReady()).toBe(false)
  })

  it('sends the registry and its Secret, and goes back to the list', async () => {
    const { form, sent, replace } = await filled()
    expect(await form.save()).toBe(true)
    expect(sent.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `POST ${collection}?fieldValidation=Strict&dryRun=All`,
      'POST /v1/secrets',
      `POST ${collection}?fieldValidation=Strict`,
    ])
    expect(sent[1]?.data).toMatchObject({ type: 'Opaque', metadata: { name: 'shop-ecr-credentials' } })
    expect(replace).toHaveBeenCalled()
  })

  it('goes back to the list only when that shows what was saved', async () => {
    let answer: (list: object) => void = () => undefined
    const list = new Promise((resolve) => (answer = resolve))
    const { form, replace, dispatch } = await filled({
      collection: '/v1/kind',
      answer: (request) => (request.startsWith('GET /v1/kind?') ? list : undefined),
      shown: { pagination: { page: 3 } },
    })
    await form.save()
    expect(replace).not.toHaveBeenCalled()
    answer({ data: [{ metadata: { name: 'shop-ecr', namespace: 'shop' } }] })
    await flushPromises()
    expect(dispatch).toHaveBeenLastCalledWith('cluster/findPage', {
      type: 'tokenregistries.io.tokenregistry',
      opt: { pagination: { page: 3 }, force: true, watch: false },
    })
    expect(replace).toHaveBeenCalledTimes(1)
  })

  it('fills in from the name of an image, and knows whose it is', async () => {
    const { form, page } = await filled()
    await form.click('form-paste-open')
    await form.fill('form-paste', '123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/shop/web:1')
    expect(form.spec()).toMatchObject({
      provider: { ecr: { region: 'us-east-1', accounts: ['123456789012'], fips: true } },
    })
    expect(page.get('[data-testid=form-paste-done]').text()).toBe(
      'Filled in: Region, Accounts, FIPS endpoints.',
    )
    await form.fill('form-paste', 'ghcr.io/shop/web')
    await form.click('form-paste-switch')
    expect(form.spec()).toMatchObject({ provider: { static: { hosts: ['ghcr.io'] } } })
  })

  it('goes over to the provider of an image with what the image tells, and still asks for keys', async () => {
    const { form, page } = await formPage()
    await form.click('card-static')
    await form.name('shop')
    await form.click('form-paste-open')
    await form.fill('form-paste', '123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/web:1')
    await form.click('form-paste-switch')
    expect(form.spec()).toEqual({
      provider: { ecr: { region: 'us-east-1', accounts: ['123456789012'] } },
      credentials: { secret: { name: 'shop-credentials' } },
      serviceAccounts: { attach: 'Default' },
    })
    expect(page.get('[data-testid=form-paste-done]').text()).toBe('Filled in: Region, Accounts.')
    await form.fill('form-key-accessKeyId', 'AKIA')
    await form.fill('form-key-secretAccessKey', 'canary')
    expect(form.isReady()).toBe(true)
  })

  it('asks nothing about a namespace that is made with the registry', async () => {
    const asked: Record<string, string>[] = []
    const { form, page } = await filled({ may: (attributes) => asked.push(attributes) > 0 })
    asked.length = 0
    const names = page.getComponent('[data-testid=names]') as unknown as VueWrapper
    names.vm.$emit('isNamespaceNew', true)
    await form.namespace('n')
    await form.namespace('new')
    expect(asked).toEqual([])
    expect(form.isReady()).toBe(true)
    expect(page.get('[data-testid=form-target]').text()).toContain('This namespace is in no project.')
    names.vm.$emit('isNamespaceNew', false)
    await form.namespace('free')
    expect(asked).toContainEqual(expect.objectContaining({ verb: 'create', namespace: 'free' }))
  })

  it('keeps the keys that were entered when the server refuses, and says so at the field', async () => {
    const { form, page, replace } = await filled({
      answer: (request) => (request.includes('dryRun') ? Promise.reject(refusal('rules')) : undefined),
    })
    expect(await form.save()).toBe(false)
    expect(form.message('spec.provider.ecr.accounts')).toMatch(/^accounts is empty/)
    expect(form.errors()).toEqual([])
    expect(replace).not.toHaveBeenCalled()
    expect(page.get<HTMLInputElement>('[data-testid=form-key-secretAccessKey]').element.value).toBe('canary')
    // What was refused is told in Advanced, which therefore opens.
    expect(form.message('spec.provider.ecr.fips')).toMatch(/^fips is true/)
  })

  it.each([
    ['a name that is taken', 'metadata.name', /already/],
    ['a policy: no member of the project', 'spec.target.project', /only owners and members/],
    ['a policy: ServiceAccounts of others', 'spec.serviceAccounts.attach', /needs the right to patch/],
  ])('shows at its place: %s', async (name, place, words) => {
    const { form, page } = await filled({ answer: () => Promise.reject(refusal(name)) })
    await form.save()
    expect(place ? form.message(place) : page.text()).toMatch(words)
  })

  it('tells above the form what is about a field that is not shown', async () => {
    const { form } = await filled({ answer: () => Promise.reject(refusal('a policy: server identity')) })
    await form.save()
    expect(form.errors()).toEqual([expect.stringMatching(/policy does not let namespace shop/)])
  })

  it('tells above the form what has no field', async () => {
    const { form } = await filled({ answer: () => Promise.reject(refusal('a full quota')) })
    await form.save()
    expect(form.errors()).toEqual([expect.stringMatching(/quota/)])
  })

  it('does not write over a Secret of somebody else', async () => {
    const taken = { _status: 409, code: 'AlreadyExists' }
    const { form, sent } = await filled({
      answer: (request) => (request === 'POST /v1/secrets' ? Promise.reject(taken) : undefined),
    })
    expect(await form.save()).toBe(false)
    expect(form.message('spec.credentials.secret.name')).toMatch(/already a Secret of this name/)
    expect(sent).toHaveLength(2)
  })
})

describe('rights', () => {
  const unless = (refused: (attributes: Record<string, string>) => boolean): Given => ({
    may: (attributes) => !refused(attributes),
  })

  it('without the right to create anywhere there is no form', async () => {
    const { page } = await formPage({ canCreate: false })
    expect(page.text()).toContain('You do not have the right to create this.')
    expect(page.find('main').exists()).toBe(false)
  })

  it('without the right to create in this namespace it cannot be saved, in another it can', async () => {
    const { form, page } = await filled(
      unless(
        ({ verb, resource, namespace }) =>
          verb === 'create' && resource === 'tokenregistries' && namespace === 'shop',
      ),
    )
    expect(page.text()).toContain('create this in namespace shop')
    expect(form.isReady()).toBe(false)
    await form.namespace('free')
    expect(form.isReady()).toBe(true)
  })

  it('without the right to change it there is no form', async () => {
    const { page } = await formPage({ mode: 'edit', value: { ...existing(), canUpdate: false } })
    expect(page.text()).toContain('You do not have the right to change this.')
  })

  it('who is no member of the project is not offered all of it', async () => {
    const { page, form } = await filled(unless(({ verb }) => verb === 'manage-namespaces'))
    const whole = () => page.get('[data-testid=form-target]')
    expect(whole().text()).toContain('Only owners and members of the project may serve all of it.')
    expect(whole().findAll('input')[1]!.attributes('disabled')).toBeDefined()
    await form.namespace('free')
    expect(whole().text()).toContain('This namespace is in no project.')
  })

  it('a member serves the whole project by the namespace annotation', async () => {
    const { page, form } = await filled()
    expect(page.get('[data-testid=form-target]').text()).toContain('The whole project Web shop')
    await form.choose('form-target-project')
    expect(form.spec()).toMatchObject({ target: { project: 'local:p-shop' } })
  })

  it('who may not make Secrets names an existing one', async () => {
    const { page, form } = await formPage(
      unless(({ verb, resource }) => verb === 'create' && resource === 'secrets'),
    )
    await form.click('card-ecr')
    expect(page.text()).toContain('You may not create and read Secrets in namespace shop.')
    expect(page.find('[data-testid=form-key-accessKeyId]').exists()).toBe(false)
    expect(page.find('[data-testid=form-secret-existing]').exists()).toBe(true)
  })

  it('who may make Secrets in another namespace is asked for keys again there', async () => {
    const here = ({ verb, resource, namespace }: Record<string, string>): boolean =>
      verb === 'create' && resource === 'secrets' && namespace === 'shop'
    const { form, page } = await formPage(unless(here))
    const asksForKeys = () => page.find('[data-testid=form-key-accessKeyId]').exists()
    await form.click('card-ecr')
    await form.namespace('free')
    expect(asksForKeys()).toBe(true)
    await form.namespace('shop')
    expect(asksForKeys()).toBe(false)
    await form.fill('form-secret-existing', '')
    await form.namespace('free')
    expect(asksForKeys()).toBe(true)
    // Who asked for an existing one himself keeps that.
    await form.choose('form-identity-existing')
    await form.namespace('shop')
    await form.namespace('free')
    expect(asksForKeys()).toBe(false)
  })

  it('who may not change ServiceAccounts is not proposed to', async () => {
    const { page, form } = await filled(
      unless(({ verb, resource }) => verb === 'patch' && resource === 'serviceaccounts'),
    )
    expect(form.spec()).not.toHaveProperty('serviceAccounts')
    const disabled = page.findAll('option').filter((option) => option.attributes('disabled') !== undefined)
    expect(disabled.map((option) => option.attributes('value'))).toEqual(['Default', 'All'])
  })

  it("the server's identity is offered where the policy grants it", async () => {
    const { page, form } = await filled()
    expect(page.find('[data-testid=form-identity]').text()).not.toContain("Server's identity")
    const policy = { serverIdentityProjects: ['local:p-shop'] }
    const granted = {
      status: {
        version: '1',
        apiRevision: 1,
        namespace: 'x',
        policy,
        providers: [{ name: 'ecr', credentials: ['secret', 'serverIdentity'] }],
      },
    }
    const other = await filled({ server: granted })
    expect(other.page.find('[data-testid=form-identity]').text()).toContain("Server's identity")
    await other.form.choose('form-identity-serverIdentity')
    expect(other.form.spec()).toMatchObject({ credentials: { serverIdentity: {} } })
    expect(form.spec()).toMatchObject({ credentials: { secret: {} } })
  })

  it('of a cluster registry are asked for the whole cluster, and its Secret lies with the server', async () => {
    const asked: Record<string, string>[] = []
    const { page, form } = await formPage({
      type: 'tokenregistries.io.clustertokenregistry',
      may: (attributes) => asked.push(attributes) > 0,
    })
    await form.click('card-ecr')
    expect(page.text()).toContain('token-registries-system')
    expect(asked).toContainEqual(
      expect.objectContaining({ verb: 'create', resource: 'clustertokenregistries', namespace: '' }),
    )
    expect(asked).toContainEqual(
      expect.objectContaining({ verb: 'patch', resource: 'serviceaccounts', namespace: '' }),
    )
    expect(asked).toContainEqual(
      expect.objectContaining({ verb: 'create', resource: 'secrets', namespace: 'token-registries-system' }),
    )
  })
})
