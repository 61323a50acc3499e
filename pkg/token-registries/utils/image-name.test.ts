import { formTokenRegistry, providers } from '../generated/form'
import { fieldOf } from './form-tree'
import { imageHost, recognise } from './image-name'
import { validate } from './validate'

const { registryHosts } = require('../../../server/providers/ecr/hosts') as {
  registryHosts(config: object): string[]
}

const all = ['static', 'ecr']

describe("an image's host", () => {
  it.each([
    ['registry.example.com/shop/app:v1', 'registry.example.com'],
    ['registry.example.com:5000/shop/app@sha256:abcdef', 'registry.example.com:5000'],
    ['https://registry.example.com/shop/app', 'registry.example.com'],
    ['docker://Registry.Example.com/app', 'registry.example.com'],
    [' registry.example.com ', 'registry.example.com'],
    ['registry.example:5000', 'registry.example:5000'],
    ['localhost:5000', 'localhost:5000'],
    ['localhost/app', 'localhost'],
    ['nginx', 'docker.io'],
    ['nginx:1.29', 'docker.io'],
    ['library/nginx', 'docker.io'],
    ['docker.io/library/nginx', 'docker.io'],
  ])('of %s is %s', (image, host) => expect(imageHost(image)).toBe(host))

  it.each(['', '   ', 'FROM nginx AS build', '/app'])('is not found in "%s"', (text) =>
    expect(imageHost(text)).toBeUndefined(),
  )
})

describe('a name of an image', () => {
  it.each([
    ['123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/app:v1', { region: 'eu-west-1' }],
    ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/app', { region: 'cn-north-1' }],
    ['123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com/app', { region: 'us-gov-west-1', fips: true }],
    ['123456789012.dkr-ecr.eu-west-1.on.aws/app', { region: 'eu-west-1', dualStack: true }],
    ['123456789012.dkr-ecr-fips.us-east-1.on.aws', { region: 'us-east-1', fips: true, dualStack: true }],
    ['123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu/app', { region: 'eusc-de-east-1' }],
  ])('of ECR tells account and region: %s', (image, values) => {
    expect(recognise(image, all)).toEqual({
      provider: 'ecr',
      values: { accounts: ['123456789012'], ...values },
    })
  })

  it.each([
    'eu-west-1',
    'cn-north-1',
    'us-gov-east-1',
    'us-iso-east-1',
    'us-isob-east-1',
    'eu-isoe-west-1',
    'eusc-de-east-1',
  ])('is understood as the server spells it in %s', (region) => {
    for (const variant of [{}, { fips: true }, { dualStack: true }]) {
      for (const host of registryHosts({ region, accounts: ['123456789012'], ...variant })) {
        expect(recognise(host, all)?.values).toMatchObject({ region, accounts: ['123456789012'] })
      }
    }
  })

  it('of any other host is for a fixed user name and password', () => {
    expect(recognise('ghcr.io/shop/app', all)).toEqual({ provider: 'static', values: { hosts: ['ghcr.io'] } })
    expect(recognise('123.dkr.ecr.eu-west-1.amazonaws.com/app', all)?.provider).toBe('static')
    expect(recognise('123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example/app', all)?.provider).toBe(
      'static',
    )
  })

  it('finds only what is offered', () => {
    expect(recognise('ghcr.io/shop/app', ['ecr'])).toBeUndefined()
    expect(recognise('no image', all)).toBeUndefined()
  })

  it('gives values that the fields take', () => {
    for (const image of ['123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/app', 'ghcr.io/shop/app']) {
      const { provider, values } = recognise(image, all)!
      expect(providers.map(({ name }) => name)).toContain(provider)
      for (const name of Object.keys(values))
        expect(fieldOf(formTokenRegistry, `spec.provider.${provider}.${name}`)).toBeDefined()
      const spec = { provider: { [provider]: values }, credentials: { secret: { name: 'keys' } } }
      expect(validate(formTokenRegistry, { metadata: { name: 'shop' }, spec })).toEqual([])
    }
  })
})
