// The rules that every provider keeps. A new provider adds one entry to `cases` and gets all of them.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { parse } from 'yaml'
import { providerDefinitions, tokenRegistrySchema } from '../api/v1alpha1/index.ts'
import { errorCodes, RegistryError } from '../core/errors.ts'
import { secretValue } from '../../test/canaries/marks.ts'
import { markedSecretsIn } from '../../test/canaries/watch.ts'
import { startFakeAws } from '../../test/fakes/aws/index.ts'
import { guardThatLists } from '../net/test-guard.ts'
import { createEcrProvider } from './ecr/index.ts'
import { providerOf, providers } from './index.ts'
import type { Credentials, CredentialsKind, IssuedCredential, TokenProvider } from './provider.ts'
import { staticProvider } from './static/index.ts'

interface Stage {
  readonly provider: TokenProvider
  readonly config: Record<string, unknown>
  /** Good credentials of every accepted kind. */
  readonly credentials: Partial<Record<CredentialsKind, Credentials>>
  /** Makes upstream fail; absent = there is none. */
  readonly breakUpstream?: () => Promise<void>
  readonly close: () => Promise<void>
}

const source = 'Secret shop/credentials'

const cases: Record<string, () => Promise<Stage>> = {
  async ecr() {
    const fake = await startFakeAws()
    const user = fake.world.addUser({ name: 'puller' })
    const role = fake.world.addRole({ name: 'server', trust: { principals: [] } })
    const { accessKeyId, secretAccessKey } = user
    return {
      provider: createEcrProvider({ ...(await fake.containerIdentity(role)) }),
      config: {
        region: 'eu-west-1',
        accounts: ['999999999999', '123456789012'],
        hosts: ['images.example'],
        fips: false,
        dualStack: true,
        endpoint: fake.endpoint,
        stsEndpoint: fake.endpoint,
      },
      credentials: {
        material: { kind: 'material', values: { accessKeyId, secretAccessKey }, source },
        serverIdentity: { kind: 'serverIdentity', sessionTags: { team: 'shop' }, externalId: 'c/p/uid' },
      },
      breakUpstream: () => fake.down(),
      close: () => fake.close(),
    }
  },
  async static() {
    return Promise.resolve({
      provider: staticProvider,
      config: { hosts: ['registry.example', 'another.example:5000'] },
      credentials: {
        material: {
          kind: 'material',
          values: { username: 'robot', password: secretValue('password') },
          source,
        },
      },
      close: () => Promise.resolve(),
    })
  },
}

it('every provider of the API is in the list and in the contract table', () => {
  assert.deepEqual(Object.keys(providers).sort(), Object.keys(providerDefinitions).sort())
  assert.deepEqual(Object.keys(cases).sort(), Object.keys(providers).sort())
})

it('a block of spec.provider finds its provider, an unknown one finds none', () => {
  const block = { static: { hosts: ['registry.example'] } }
  assert.deepEqual(providerOf(block), { provider: providers.static, config: block.static })
  assert.equal(providerOf({ ecr: undefined, ...block })?.provider.type, 'static')
  assert.equal(providerOf({ later: {} } as never), undefined)
  assert.equal(providerOf({ toString: {} } as never), undefined)
})

for (const [type, start] of Object.entries(cases)) {
  describe(`contract: ${type}`, () => {
    let stage: Stage
    before(async () => {
      stage = await start()
      deepFreeze(stage.config)
    })
    after(() => stage.close())

    function issue(credentials: Credentials): Promise<IssuedCredential> {
      const { provider, config } = stage
      const guard = guardThatLists(...provider.customEndpoints(config).map((address) => `http://${address}`))
      const context = { credentials, signal: new AbortController().signal, now: () => new Date(), guard }
      return provider.issue(config, context)
    }

    async function refused(credentials: Credentials): Promise<RegistryError> {
      const error = await issue(credentials).then(
        () => assert.fail('expected a failure'),
        (thrown: unknown) => thrown,
      )
      assert.ok(error instanceof RegistryError, inspect(error))
      assert.deepEqual(markedSecretsIn(inspect(error, { depth: Infinity, showHidden: true })), [])
      return error
    }

    it('is listed under its own name and takes what its definition says', () => {
      const definition = Object.entries(providerDefinitions).find(([name]) => name === type)?.[1]
      assert.equal(stage.provider.type, type)
      assert.equal(providers[type as keyof typeof providers].type, type)
      assert.deepEqual(stage.provider.materialKeys, definition?.materialKeys)
      const kinds = definition?.credentials.map((block) => (block === 'secret' ? 'material' : block))
      assert.deepEqual(stage.provider.accepts, kinds)
      assert.deepEqual(Object.keys(stage.credentials).sort(), [...stage.provider.accepts].sort())
    })

    it('has a guide whose example is valid and whose error codes exist', async () => {
      const guide = await readFile(join(import.meta.dirname, type, 'README.md'), 'utf8')
      const example = /```yaml\n([\s\S]*?)```/.exec(guide)?.[1] ?? ''
      const registry = tokenRegistrySchema.parse(parse(example))
      assert.equal(providerOf(registry.spec.provider)?.provider.type, type)
      const errors = guide.slice(guide.indexOf('## Errors')).matchAll(/^\| `(\w+)`/gm)
      const codes = Array.from(errors, ([, code]) => code)
      assert.ok(codes.length > 0)
      for (const code of codes) assert.ok((errorCodes as readonly unknown[]).includes(code), code)
      for (const { name } of stage.provider.materialKeys) assert.ok(guide.includes(`| \`${name}\` |`), name)
    })

    it('parses its own configuration to the same again', () => {
      const parsed = stage.provider.configSchema.parse(stage.config)
      assert.deepEqual(stage.provider.configSchema.parse(parsed), parsed)
    })

    it('derives hosts without scheme or path, sorted, each once', () => {
      const hosts = stage.provider.hosts(stage.config)
      assert.ok(hosts.length > 0)
      assert.deepEqual(hosts, [...new Set(hosts)].sort())
      for (const host of hosts) assert.match(host, /^[a-z0-9.-]+(:\d+)?$/)
    })

    it('has a target key that is stable, whatever the order of fields, and holds no material', () => {
      const { provider, config } = stage
      const reversed = Object.fromEntries(Object.entries(config).reverse())
      assert.equal(provider.targetKey(config), provider.targetKey(structuredClone(reversed)))
      for (const credentials of Object.values(stage.credentials)) {
        if (credentials.kind !== 'material') continue
        for (const value of Object.values(credentials.values)) {
          assert.ok(!provider.targetKey(config).includes(value))
        }
      }
    })

    it('names custom endpoints as host:port', () => {
      for (const endpoint of stage.provider.customEndpoints(stage.config)) {
        assert.match(endpoint, /^[a-z0-9.[\]:-]+:\d+$/)
      }
    })

    it('issues a credential for every kind that it accepts', async () => {
      for (const [kind, credentials] of Object.entries(stage.credentials)) {
        const issued = await issue(credentials)
        assert.ok(issued.username !== '' && !issued.username.includes(':'), kind)
        assert.ok(issued.password !== '' && !/[\r\n]/.test(issued.password), kind)
        assert.ok(Math.abs(issued.issuedAt.getTime() - Date.now()) < 60_000, kind)
        assert.ok(issued.expiresAt === null || issued.expiresAt > issued.issuedAt, kind)
      }
    })

    it('refuses kinds that it does not accept', async () => {
      const others: Credentials[] = [
        { kind: 'material', values: {}, source },
        { kind: 'serverIdentity', sessionTags: {} },
      ]
      for (const credentials of others.filter(({ kind }) => !stage.provider.accepts.includes(kind))) {
        assert.equal((await refused(credentials)).code, 'SpecInvalid')
      }
    })

    it('names the key that a Secret lacks', async () => {
      const good = stage.credentials.material
      if (good?.kind !== 'material') return
      for (const { name } of stage.provider.materialKeys.filter(({ optional }) => !optional)) {
        const { [name]: _, ...rest } = good.values
        for (const values of [rest, { ...rest, [name]: '' }, { ...rest, [name]: '\n' }]) {
          const error = await refused({ ...good, values })
          assert.equal(error.code, 'ReferenceMissing')
          assert.ok(error.message.includes(source) && error.message.includes(name), error.message)
        }
      }
    })

    it('accepts values that end in a line break', async () => {
      const good = stage.credentials.material
      if (good?.kind !== 'material') return
      const values = Object.fromEntries(
        Object.entries(good.values).map(([name, value]) => [name, `${value}\n`]),
      )
      assert.ok((await issue({ ...good, values })).password)
    })

    it('turns an upstream that is down into one of our errors', async () => {
      if (stage.breakUpstream === undefined) return
      await stage.breakUpstream()
      for (const credentials of Object.values(stage.credentials)) {
        assert.equal((await refused(credentials)).code, 'Unavailable')
      }
    })
  })
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  Object.values(value).forEach(deepFreeze)
  Object.freeze(value)
}
