// A real registry believes the fake AWS: what the providers get there pulls a real image, and nothing else does.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { guardThatLists } from '../../server/net/test-guard.ts'
import { createEcrProvider } from '../../server/providers/ecr/index.ts'
import { staticProvider } from '../../server/providers/static/index.ts'
import { startFakeAws, type FakeAws } from '../fakes/aws/index.ts'
import { PullError, pullWithSecrets, pushImage, startRegistry, type Registry } from '../testbed/registry.ts'

const repository = 'team/app'

/** A pull Secret's content for one host. */
function auths(host: string, username: string, password: string): object {
  const auth = Buffer.from(`${username}:${password}`).toString('base64')
  return { auths: { [host]: { username, password, auth } } }
}

describe('a real registry with tokens of the fake AWS', { timeout: 900_000 }, () => {
  let fake: FakeAws
  let registry: Registry
  let image: string
  let digest: string

  before(async () => {
    fake = await startFakeAws()
    const { realm, service, issuer, rootCertBundlePem } = fake
    registry = await startRegistry({ realm, service, issuer, rootCertBundlePem })
    image = `${registry.host}/${repository}:1`
    digest = await pushImage({ image, ...fake.pusher })
  })
  beforeEach(() => fake.faults.clear())
  after(async () => {
    await registry?.stop()
    await fake?.close()
  })

  /** What the product would put into a pull Secret. */
  async function issue(): Promise<{ username: string; password: string }> {
    const { accessKeyId, secretAccessKey } = fake.world.addUser({ name: 'puller' })
    return createEcrProvider({}).issue(
      {
        region: 'eu-west-1',
        accounts: ['123456789012'],
        fips: false,
        dualStack: false,
        endpoint: fake.endpoint,
      },
      {
        credentials: {
          kind: 'material',
          values: { accessKeyId, secretAccessKey },
          source: 'Secret shop/shop-ecr',
        },
        signal: new AbortController().signal,
        now: () => new Date(),
        guard: guardThatLists(fake.endpoint),
      },
    )
  }

  function manifest(token: string): Promise<Response> {
    return fetch(`${registry.url}/v2/${repository}/manifests/1`, {
      headers: {
        authorization: `Bearer ${token}`,
        accept:
          'application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json',
      },
    })
  }

  it('serves a pull with what the provider ecr got, under the host names that it derives', async () => {
    const { username, password } = await issue()
    const [host = ''] = createEcrProvider({}).hosts({
      region: 'eu-west-1',
      accounts: ['123456789012'],
      fips: false,
      dualStack: false,
    })
    const report = await pullWithSecrets([auths(host, username, password)], `${host}/${repository}:1`, {
      resolve: { [host]: registry.host },
    })
    assert.equal(report.digest, digest)
    assert.equal(report.username, 'AWS')
  })

  it('serves a pull with a copy that the provider static made', async () => {
    const issued = await staticProvider.issue(
      { hosts: [registry.host] },
      {
        credentials: { kind: 'material', values: { ...fake.pusher }, source: 'Secret shop/robot' },
        signal: new AbortController().signal,
        now: () => new Date(),
        guard: guardThatLists(fake.endpoint),
      },
    )
    const secret = auths(registry.host, issued.username, issued.password)
    assert.equal((await pullWithSecrets([secret], image)).digest, digest)
  })

  it('refuses a token after its end', async () => {
    const { username, password } = await issue()
    const secret = auths(registry.host, username, password)
    assert.equal((await pullWithSecrets([secret], image)).digest, digest)
    fake.clock.advance(12 * 3_600_000 + 1000)
    await assert.rejects(pullWithSecrets([secret], image), (error: unknown) => {
      assert.ok(error instanceof PullError)
      assert.equal(error.report.matched, 1)
      return true
    })
  })

  it('refuses a puller that wants to push', async () => {
    const { username, password } = await issue()
    await assert.rejects(
      pushImage({ image: `${registry.host}/${repository}:2`, username, password, seed: 2 }),
      /401|403|denied|unauthorized/i,
    )
  })

  it('refuses a JWT for another audience, by another key, past its end, or for another repository', async () => {
    const other = await startFakeAws()
    try {
      const access = [{ type: 'repository', name: repository, actions: ['pull'] }]
      const expires = Math.floor(Date.now() / 1000) + 60
      const mint = fake.registryAuth.mint.bind(fake.registryAuth)
      assert.equal((await manifest(mint({ subject: 'test', access, expires }))).status, 200)
      const refused = {
        audience: mint({ subject: 'test', access, expires, audience: 'another-registry' }),
        key: other.registryAuth.mint({ subject: 'test', access, expires }),
        end: mint({ subject: 'test', access, expires: expires - 600 }),
        repository: mint({
          subject: 'test',
          access: [{ ...access[0]!, name: 'team/other' }],
          expires,
        }),
      }
      for (const [name, token] of Object.entries(refused)) {
        assert.equal((await manifest(token)).status, 401, name)
      }
    } finally {
      await other.close()
    }
  })
})
