/** What the tests of this folder share: a fake AWS, a provider on it, and canaries that must never come out again. */
import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { RegistryError, type ErrorCode } from '../../core/errors.ts'
import { secretBase64 } from '../../../test/canaries/marks.ts'
import { markedSecretsIn } from '../../../test/canaries/watch.ts'
import { startFakeAws, type AccessKey, type FakeAws } from '../../../test/fakes/aws/index.ts'
import { guardThatLists } from '../../net/test-guard.ts'
import type { Credentials, IssuedCredential, ProviderContext } from '../provider.ts'
import type { EcrConfig } from './config.ts'
import { createEcrProvider } from './index.ts'

export const canaries = {
  secretAccessKey: secretBase64('secret access key'),
  sessionToken: secretBase64('session token', 400),
}

export interface Bench {
  readonly fake: FakeAws
  readonly user: AccessKey
  readonly config: EcrConfig
  /** Credentials as the controller reads them from Secret shop/shop-ecr. */
  material(key?: Partial<AccessKey>): Credentials
  issue(change?: IssueOptions): Promise<IssuedCredential>
  /** Expects a failure with this code, checks that it leaks nothing, and returns its message. */
  fails(code: ErrorCode, change?: IssueOptions): Promise<string>
}

export interface IssueOptions extends Partial<
  Pick<ProviderContext, 'credentials' | 'signal' | 'now' | 'guard' | 'onClockSkew'>
> {
  readonly config?: Partial<EcrConfig>
  readonly environment?: Readonly<Record<string, string>>
}

export async function startBench(): Promise<Bench> {
  const fake = await startFakeAws()
  const user = fake.world.addUser({ name: 'puller', secretAccessKey: canaries.secretAccessKey })
  const config: EcrConfig = {
    region: 'eu-west-1',
    accounts: ['123456789012'],
    fips: false,
    dualStack: false,
    endpoint: fake.endpoint,
    stsEndpoint: fake.endpoint,
  }
  const material = (key: Partial<AccessKey> = {}): Credentials => {
    const { accessKeyId, secretAccessKey, sessionToken } = { ...user, ...key }
    const values = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
    return { kind: 'material', values, source: 'Secret shop/shop-ecr' }
  }
  const issue = (change: IssueOptions = {}): Promise<IssuedCredential> => {
    const { config: configChange = {}, environment = {}, ...context } = change
    return createEcrProvider(environment).issue(
      { ...config, ...configChange },
      {
        credentials: material(),
        signal: new AbortController().signal,
        now: () => new Date(),
        guard: guardThatLists(fake.endpoint),
        endpoints: { ecr: fake.endpoint, sts: fake.endpoint },
        ...context,
      },
    )
  }
  const fails = async (code: ErrorCode, change: IssueOptions = {}): Promise<string> => {
    const thrown = await issue(change).then(
      () => assert.fail(`expected ${code}`),
      (error: unknown) => error,
    )
    assert.ok(thrown instanceof RegistryError, inspect(thrown))
    assert.equal(thrown.code, code, thrown.message)
    assertNoSecrets(thrown, fake)
    return thrown.message
  }
  return { fake, user, config, material, issue, fails }
}

/** Looks through message, stack and the whole chain of causes for anything that was a secret. */
export function assertNoSecrets(error: RegistryError, fake: FakeAws): void {
  const seen = inspect(error, {
    depth: Infinity,
    showHidden: true,
    maxStringLength: null,
    maxArrayLength: null,
  })
  const secrets = [
    ...Object.values(canaries),
    ...[...fake.world.keys.values()].flatMap(({ secretAccessKey, sessionToken = '' }) => [
      secretAccessKey,
      sessionToken,
    ]),
    fake.tokens.last?.password ?? '',
    Buffer.from(`AWS:${fake.tokens.last?.password ?? ''}`).toString('base64'),
    fake.metadata.containerToken,
  ]
  for (const secret of secrets.filter((text) => text.length > 8)) {
    assert.ok(!seen.includes(secret), 'a secret is in the error')
    assert.ok(!seen.includes(secret.slice(0, 24)), 'the start of a secret is in the error')
  }
  assert.deepEqual(markedSecretsIn(seen), [])
  assert.doesNotMatch(seen, /AWS4-HMAC|x-amz-security-token|Credential=|authorizationToken"/i)
}
