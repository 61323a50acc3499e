// Changing and copying registries that are there, also while somebody else changes them.
import { enableAutoUnmount, flushPromises, type VueWrapper } from '@vue/test-utils'
import { formPage } from '../../test/form-page'
import { collection, existing, refusal } from '../../test/form-values'

enableAutoUnmount(afterEach)
beforeEach(() => {
  Element.prototype.scrollIntoView = jest.fn()
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

  it('over a press of Refresh is no conflict, and the press counts', async () => {
    const refresh = (at: string) => ({
      annotations: {
        'tokenregistries.io/refresh-requested-at': at,
        'kubectl.kubernetes.io/last-applied-configuration': `{"at":"${at}"}`,
        'example.com/team': 'shop',
      },
    })
    const { form, sent } = await formPage({
      mode: 'edit',
      value: existing({}, refresh('1')),
      answer: meanwhile(existing({}, { resourceVersion: '8', ...refresh('2') })),
    })
    await form.fill('field-spec.provider.ecr.region', 'eu-west-3')
    expect(await form.save()).toBe(true)
    expect(sent.at(-1)?.data).toMatchObject({ metadata: { resourceVersion: '8', ...refresh('2') } })
  })

  it('tells of labels and annotations what they were and are', async () => {
    const live = existing(
      {},
      {
        resourceVersion: '8',
        annotations: { 'example.com/team': 'shop' },
        labels: { 'app.kubernetes.io/part-of': 'web' },
      },
    )
    const value = existing({}, { labels: { 'app.kubernetes.io/part-of': 'shop' } })
    const { form, page } = await formPage({ mode: 'edit', value, answer: meanwhile(live) })
    await form.save()
    expect(page.findAll('[data-testid=form-conflict] li').map((item) => item.text())).toEqual([
      'Label app.kubernetes.io/part-of: was shop, is now web',
      'Annotation example.com/team: was not set, is now shop',
    ])
  })

  it("goes on with somebody else's Secret, and does not write over its name", async () => {
    const theirs = existing({ credentials: { secret: { name: 'theirs' } } }, { resourceVersion: '8' })
    const { form, page, sent } = await formPage({
      mode: 'edit',
      value: existing({ credentials: { serverIdentity: {} } }),
      answer: meanwhile(theirs),
    })
    await form.fill('field-spec.provider.ecr.region', 'eu-west-3')
    await form.save()
    await form.click('form-conflict-keep')
    expect(page.find('[data-testid=form-secret-existing]').exists()).toBe(true)
    // Any change of how the credentials are got must not bring the old way back.
    const renew = page.findAllComponents({ name: 'Checkbox' }).at(0)!
    renew.vm.$emit('update:value', true)
    renew.vm.$emit('update:value', false)
    await flushPromises()
    expect(await form.save()).toBe(true)
    expect(sent.at(-1)?.data).toMatchObject({ spec: { credentials: { secret: { name: 'theirs' } } } })
  })

  it('keeps one way to credentials whole when both chose another', async () => {
    const theirs = existing({ credentials: { serverIdentity: {} } }, { resourceVersion: '8' })
    const { form, page } = await formPage({ mode: 'edit', value: existing(), answer: meanwhile(theirs) })
    const secret = page.getComponent('[data-testid=form-secret-existing]') as unknown as VueWrapper
    secret.vm.$emit('update:value', 'mine')
    await form.save()
    expect(page.get('[data-testid=form-conflict]').text()).toContain('yours is kept')
    await form.click('form-conflict-keep')
    expect(form.spec()).toMatchObject({ credentials: { secret: { name: 'mine' } } })
    expect(form.spec()).not.toHaveProperty('credentials.serverIdentity')
  })

  it('brings back what a way to credentials held that was left', async () => {
    const secret = {
      name: 'keys',
      keys: { accessKeyId: 'id', secretAccessKey: 'key' },
      expiresAt: '2027-01-01T00:00:00Z',
    }
    const policy = { serverIdentityNamespaces: ['shop'] }
    const providers = [{ name: 'ecr', credentials: ['secret', 'serverIdentity'] }]
    const { form } = await formPage({
      mode: 'edit',
      value: existing({ credentials: { secret } }),
      server: { status: { version: '1', apiRevision: 1, namespace: 'x', policy, providers } },
    })
    await form.choose('form-identity-serverIdentity')
    expect(form.spec()).toMatchObject({ credentials: { serverIdentity: {} } })
    await form.choose('form-identity-existing')
    expect(form.spec()).toHaveProperty('credentials', { secret })
    await form.choose('form-identity-new')
    expect(form.spec()).toHaveProperty('credentials.secret.name', 'shop-ecr-credentials')
    await form.choose('form-identity-serverIdentity')
    await form.choose('form-identity-existing')
    expect(form.spec()).toHaveProperty('credentials', { secret })
  })

  it('leaves to a newer server what it took before, and says at once what is wrong besides', async () => {
    const value = existing({ provider: { ecr: { region: 'Moon 1', accounts: ['123456789012'] } } })
    const { form } = await formPage({ mode: 'edit', value })
    expect(form.isReady()).toBe(true)
    expect(form.message('spec.provider.ecr.region')).toBe('')
    await form.fill('field-spec.provider.ecr.region', 'Moon 2')
    expect(form.isReady()).toBe(false)
    expect(form.message('spec.provider.ecr.region')).not.toBe('')
  })

  it('a rule that the change breaks is no old one', async () => {
    const { form } = await formPage({ mode: 'edit', value: existing() })
    await form.fill('field-spec.serviceAccounts.attach', 'Named')
    expect(form.isReady()).toBe(false)
    expect(form.message('spec.serviceAccounts.names')).not.toBe('')
  })

  it('shows a project that the namespace has left, and offers the one that it is in', async () => {
    const value = existing({ target: { project: 'local:p-old' } })
    const { form, page } = await formPage({ mode: 'edit', value })
    const choices = () => page.findAll('[data-testid=form-target] > div').map((choice) => choice.text())
    expect(choices()[1]).toContain('The whole project Web shop')
    expect(choices()[2]).toContain('The whole project local:p-old')
    expect(choices()[2]).toContain('Namespace shop is not in this project any more.')
    expect(page.get('[data-testid=form-target-left] .radio-custom').attributes('aria-checked')).toBe('true')
    await form.choose('form-target-project')
    expect(form.spec()).toMatchObject({ target: { project: 'local:p-shop' } })
    expect(choices()).toHaveLength(2)
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
