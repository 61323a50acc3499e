import { translate } from '../test/translate'
import { ecrSpec, healthyStatus, hours, registryWith } from '../test/registry'
import { credentialFacts, pullSecretFacts, type Fact } from './cards'
import { detailsOf } from './details'

function told(facts: readonly Fact[]): Record<string, string> {
  return Object.fromEntries(facts.map(({ label, lines, time }) => [label, time ?? (lines ?? []).join(', ')]))
}

describe('card of the password', () => {
  it('tells whose it is and its times', () => {
    expect(told(credentialFacts(registryWith(healthyStatus), 'Amazon ECR', translate))).toEqual({
      Registry: 'Amazon ECR',
      Hosts: '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
      'Issued to': 'arn:aws:iam::123456789012:user/puller',
      Issued: hours(-5),
      Expires: hours(7),
      'Next refresh': hours(3),
    })
  })

  it('tells the declared end of the credentials', () => {
    const spec = { ...ecrSpec, credentials: { secret: { name: 'key', expiresAt: hours(48) } } }
    const facts = credentialFacts(registryWith(healthyStatus, spec), 'Amazon ECR', translate)
    expect(told(facts)).toMatchObject({ 'Credentials end': hours(48) })
  })

  it('tells a password without an end from one that is not there yet', () => {
    const { expiresAt, nextRefreshAt, ...endless } = healthyStatus
    expect([expiresAt, nextRefreshAt]).toEqual([hours(7), hours(3)])
    expect(told(credentialFacts(registryWith(endless), '', translate)).Expires).toBe('States no end')
    expect(told(credentialFacts(registryWith(undefined), '', translate))).toEqual({
      Registry: '',
      Hosts: 'Not known yet',
      Issued: 'Not known yet',
      Expires: 'Not known yet',
      'Next refresh': 'Not known yet',
    })
  })

  it('promises no refresh while suspended', () => {
    const registry = registryWith(healthyStatus, { ...ecrSpec, suspend: true })
    expect(told(credentialFacts(registry, '', translate))['Next refresh']).toBe('None while suspended')
  })
})

describe('card of the pull Secret', () => {
  it('tells name, place, users and end', () => {
    expect(told(pullSecretFacts(registryWith(healthyStatus), {}, translate))).toEqual({
      Name: 'images',
      'Written to': 'Namespace shop',
      'Used by': 'New pods of ServiceAccount default',
      'On deletion': 'Pull Secrets are removed',
    })
  })

  it('names the project, and the ServiceAccounts', () => {
    const spec = {
      ...ecrSpec,
      target: { project: 'local:p-1' },
      serviceAccounts: { attach: 'Named' as const, names: ['web', 'jobs'] },
      deletionPolicy: 'Retain' as const,
    }
    const facts = pullSecretFacts(registryWith(healthyStatus, spec), { project: "Shop's" }, translate)
    expect(told(facts)).toMatchObject({
      'Written to': "All namespaces of project Shop's",
      'Used by': 'New pods of the ServiceAccounts web, jobs',
      'On deletion': 'Pull Secrets stay',
    })
  })

  it('counts the namespaces of a selection', () => {
    const metadata = { name: 'images' }
    const cluster = registryWith(healthyStatus, ecrSpec, { metadata })
    expect(told(pullSecretFacts(cluster, {}, translate))['Written to']).toBe('1 selected namespace')
    const unseen = registryWith(undefined, ecrSpec, { metadata })
    expect(told(pullSecretFacts(unseen, {}, translate))['Written to']).toBe('Not known yet')
  })

  it('takes the defaults of a spec that does not say them', () => {
    expect(told(pullSecretFacts(registryWith(undefined, {}), {}, translate))).toMatchObject({
      'Used by': 'Pods that name it in imagePullSecrets',
      'On deletion': 'Pull Secrets are removed',
    })
  })
})

describe('masthead', () => {
  it('shows provider and identity once they are known', () => {
    expect(detailsOf(registryWith(healthyStatus), 'ecr', translate)).toEqual([
      { label: 'Registry', content: 'Amazon ECR' },
      { label: 'Issued to', content: 'arn:aws:iam::123456789012:user/puller' },
    ])
    expect(detailsOf(registryWith(undefined), '', translate)).toEqual([])
  })

  it('calls a provider that is newer than the page by its name in the API', () => {
    expect(detailsOf({}, 'quay', translate)).toEqual([{ label: 'Registry', content: 'quay' }])
  })
})
