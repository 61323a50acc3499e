import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { formPage, type Given } from '../../test/form-page'

enableAutoUnmount(afterEach)
beforeEach(() => {
  Element.prototype.scrollIntoView = jest.fn()
})

const collection = '/k8s/clusters/local/apis/tokenregistries.io/v1alpha1/namespaces/shop/tokenregistries'
const refusals: { name: string; status: number; body: object }[] = require('../../test/refusals.json')
const refusal = (name: string) => {
  const found = refusals.find((known) => known.name === name)
  return { ...found?.body, _status: found?.status }
}

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

const existing = (spec: object = {}, metadata: object = {}) => ({
  id: 'shop/shop-ecr',
  metadata: { name: 'shop-ecr', namespace: 'shop', resourceVersion: '7', ...metadata },
  spec: {
    provider: { ecr: { region: 'eu-west-1', accounts: ['123456789012'], fips: false } },
    credentials: { secret: { name: 'keys' } },
    serviceAccounts: { attach: 'None' },
    suspend: false,
    newer: { field: 1 },
    ...spec,
  },
})

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
    expect(form.spec()).toMatchObject({ provider: { static: {} } })
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

  it('takes a Secret away that was made for a registry that never came', async () => {
    const { form, page, sent } = await filled({
      answer: (request) =>
        request === `POST ${collection}?fieldValidation=Strict`
          ? Promise.reject({ _status: 500 })
          : undefined,
    })
    await form.save()
    page.unmount()
    await flushPromises()
    expect(sent.at(-1)).toMatchObject({
      method: 'DELETE',
      url: '/k8s/clusters/local/api/v1/namespaces/shop/secrets/shop-ecr-credentials',
    })
  })

  it('leaves the Secret of a registry that is there', async () => {
    const { form, page, sent } = await filled()
    await form.save()
    page.unmount()
    await flushPromises()
    expect(sent.filter(({ method }) => method === 'DELETE')).toEqual([])
  })

  it('makes the Secret before the YAML editor saves, not when it is only shown', async () => {
    const { page, sent } = await filled()
    const { applyHooks } = page.vm as unknown as { applyHooks(key: string, context?: string): Promise<void> }
    await applyHooks('_beforeSaveHooks', 'show-preview-yaml')
    expect(sent).toEqual([])
    await applyHooks('_beforeSaveHooks')
    expect(sent.map(({ url }) => url)).toEqual(['/v1/secrets'])
    await applyHooks('_afterSaveHooks')
    page.unmount()
    await flushPromises()
    expect(sent).toHaveLength(1)
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

describe('editing', () => {
  it('changes what was changed and keeps what the form does not know', async () => {
    const { form, sent } = await formPage({ mode: 'edit', value: existing() })
    expect(form.isReady()).toBe(true)
    await form.fill('field-spec.provider.ecr.region', 'eu-west-3')
    expect(await form.save()).toBe(true)
    expect(sent.at(-1)).toMatchObject({
      method: 'PUT',
      url: `${collection}/shop-ecr?fieldValidation=Strict`,
      data: {
        metadata: { resourceVersion: '7' },
        spec: existing({
          provider: { ecr: { region: 'eu-west-3', accounts: ['123456789012'], fips: false } },
        }).spec,
      },
    })
  })

  it('puts new keys into the Secret that is there', async () => {
    const { form, page, sent } = await formPage({ mode: 'edit', value: existing() })
    page.findAllComponents({ name: 'Checkbox' }).at(0)!.vm.$emit('update:value', true)
    await flushPromises()
    expect(form.isReady()).toBe(false)
    await form.fill('form-key-accessKeyId', 'AKIA')
    await form.fill('form-key-secretAccessKey', 'canary')
    expect(await form.save()).toBe(true)
    expect(sent.find(({ method }) => method === 'PATCH')).toMatchObject({
      url: '/v1/secrets/shop/keys',
      data: { data: { sessionToken: null }, stringData: { accessKeyId: 'AKIA', secretAccessKey: 'canary' } },
    })
  })

  const conflict = refusal('changed meanwhile')
  /** Refuses the first version, and shows what is there now. */
  const meanwhile = (live: object) => (request: string, data: unknown) => {
    if (request.startsWith('GET') && request.endsWith('/shop-ecr')) return live
    const { metadata } = (data ?? {}) as { metadata?: { resourceVersion?: string } }
    return metadata?.resourceVersion === '7' ? Promise.reject(conflict) : undefined
  }

  it('over a newer report of the server is no conflict', async () => {
    const { form, sent } = await formPage({
      mode: 'edit',
      value: existing(),
      answer: meanwhile(existing({}, { resourceVersion: '8' })),
    })
    await form.fill('field-spec.provider.ecr.region', 'eu-west-3')
    expect(await form.save()).toBe(true)
    expect(sent.at(-1)?.data).toMatchObject({ metadata: { resourceVersion: '8' } })
  })

  it("over somebody else's change shows it, and keeps both", async () => {
    const managedFields = [{ manager: 'kubectl-edit', time: '2026-03-01T11:00:00Z' }]
    const live = existing({ suspend: true }, { resourceVersion: '8', managedFields })
    const { form, page, sent } = await formPage({ mode: 'edit', value: existing(), answer: meanwhile(live) })
    await form.fill('field-spec.provider.ecr.region', 'eu-west-3')
    expect(await form.save()).toBe(false)
    const banner = page.get('[data-testid=form-conflict]').text()
    expect(banner).toContain('kubectl-edit')
    expect(banner).toContain('Suspended: was false, is now true')
    await form.click('form-conflict-keep')
    expect(form.spec()).toMatchObject({
      suspend: true,
      provider: { ecr: { region: 'eu-west-3' } },
      newer: { field: 1 },
    })
    expect(await form.save()).toBe(true)
    expect(sent.at(-1)?.data).toMatchObject({ metadata: { resourceVersion: '8' }, spec: { suspend: true } })
  })

  it('of an object of a provider that the page does not know is left to YAML', async () => {
    const value = existing({ provider: { quay: { organisation: 'shop' } } })
    const { page, form } = await formPage({ mode: 'edit', value })
    expect(page.get('[data-testid=form-unknown-provider]').text()).toContain('"quay"')
    expect(form.spec()).toEqual(value.spec)
  })

  it('a copy is new, with the spec and the Secret of the original', async () => {
    const { form, page, sent } = await formPage({
      mode: 'create',
      realMode: 'clone',
      value: existing({}, { name: '', resourceVersion: undefined }),
    })
    expect(page.find('[data-testid=card-ecr]').exists()).toBe(false)
    await form.name('copy')
    expect(await form.save()).toBe(true)
    expect(sent.at(-1)).toMatchObject({
      method: 'POST',
      data: { metadata: { name: 'copy' }, spec: existing().spec },
    })
    expect(sent.some(({ url }) => url.includes('/v1/secrets'))).toBe(false)
  })
})
