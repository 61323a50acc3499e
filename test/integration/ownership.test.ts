// Whose Secret it is: drift, foreign Secrets, adoption, two claimants, ServiceAccounts, suspend, refresh requests.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { secretPath } from '../../server/kube/paths.ts'
import { createNamespace } from '../testbed/rancher.ts'
import type { KubeObject } from '../testbed/kube-client.ts'
import {
  condition,
  createKeys,
  eventually,
  isReady,
  nextSecond,
  registries,
  startBed,
  untilStatus,
  type SecretView,
  type Bed,
  type RegistryView,
} from './harness.ts'

const managedBy = 'app.kubernetes.io/managed-by'

describe('ownership of pull Secrets', () => {
  let bed: Bed
  let keys: Record<string, string>

  before(async () => {
    bed = await startBed()
    const { accessKeyId, secretAccessKey } = bed.aws.world.addUser({ name: 'puller' })
    keys = { accessKeyId, secretAccessKey }
    await bed.startServer()
  })
  after(() => bed?.close())

  /** A namespace of its own with keys and a registry named `pull`. */
  async function setUp(
    namespace: string,
    spec: Record<string, unknown> = {},
    material = keys,
  ): Promise<string> {
    await createNamespace(bed.cp, namespace)
    await createKeys(bed.cp, namespace, material)
    await bed.cp.admin.create(registries.path(namespace), registries.ecr(namespace, 'pull', bed, spec))
    return registries.path(namespace, 'pull')
  }

  function read(namespace: string, name = 'pull'): Promise<SecretView> {
    return bed.cp.admin.get<SecretView>(secretPath(namespace, name))
  }

  async function foreign(
    namespace: string,
    extra: Record<string, unknown> = {},
    metadata: Record<string, unknown> = {},
  ): Promise<SecretView> {
    const hosts = {
      'https://123456789012.dkr.ecr.eu-west-1.amazonaws.com': { username: 'AWS', password: 'old' },
    }
    return bed.cp.admin.create<SecretView>(`/api/v1/namespaces/${namespace}/secrets`, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'pull', namespace, ...metadata },
      type: 'kubernetes.io/dockerconfigjson',
      stringData: { '.dockerconfigjson': JSON.stringify({ auths: hosts }) },
      ...extra,
    })
  }

  it('heals a deleted and an edited Secret, and leaves what others added', async () => {
    const path = await setUp('drift')
    await untilStatus(bed.cp, path, 'ready', isReady)
    const good = await read('drift')
    await bed.cp.admin.delete(secretPath('drift', 'pull'))
    const again = await eventually('the Secret', async () => read('drift').catch(() => undefined))
    assert.equal(again.data['.dockerconfigjson'], good.data['.dockerconfigjson'])
    await bed.cp.admin.patch(secretPath('drift', 'pull'), {
      metadata: { annotations: { 'team.example/note': 'kept', 'tokenregistries.io/mac': 'forged' } },
      data: { '.dockerconfigjson': Buffer.from('{"auths":{}}').toString('base64'), other: 'a2VwdA==' },
    })
    const healed = await eventually('the repair', async () => {
      const secret = await read('drift')
      return secret.data['.dockerconfigjson'] === good.data['.dockerconfigjson'] ? secret : undefined
    })
    assert.equal(healed.metadata?.uid, again.metadata?.uid)
    assert.equal(healed.metadata?.annotations?.['team.example/note'], 'kept')
    assert.equal(
      healed.metadata?.annotations?.['tokenregistries.io/mac'],
      good.metadata?.annotations?.['tokenregistries.io/mac'],
    )
    assert.equal(healed.data['other'], 'a2VwdA==')
    assert.equal(bed.aws.log.count('GetAuthorizationToken'), 1, 'a repair asks nobody')
  })

  it('leaves a foreign Secret byte for byte, says so, and takes over in place once it is handed over', async () => {
    await createNamespace(bed.cp, 'foreign')
    const before = await foreign('foreign')
    await createKeys(bed.cp, 'foreign', keys)
    await bed.cp.admin.create(registries.path('foreign'), registries.ecr('foreign', 'pull', bed))
    const refused = await untilStatus(
      bed.cp,
      registries.path('foreign', 'pull'),
      'NotOwner',
      (object) => condition(object, 'SecretsSynced')?.reason === 'NotOwner',
    )
    assert.match(
      condition(refused, 'SecretsSynced')?.message ?? '',
      /Secret foreign\/pull .*tokenregistries\.io\/adopt=pull/,
    )
    assert.equal(condition(refused, 'Ready')?.status, 'False')
    assert.equal(condition(refused, 'Stalled'), undefined)
    assert.deepEqual(await read('foreign'), before)
    await bed.cp.admin.patch(secretPath('foreign', 'pull'), {
      metadata: { annotations: { 'tokenregistries.io/adopt': 'pull' } },
    })
    await untilStatus(bed.cp, registries.path('foreign', 'pull'), 'ready', isReady)
    const adopted = await read('foreign')
    assert.equal(adopted.metadata?.uid, before.metadata?.uid)
    assert.equal(adopted.metadata?.labels?.[managedBy], 'token-registries')
    assert.deepEqual(Object.keys(config(adopted).auths), ['123456789012.dkr.ecr.eu-west-1.amazonaws.com'])
  })

  it('refuses an adoption that would lose the password of another host', async () => {
    await createNamespace(bed.cp, 'lossy')
    const both = { auths: { 'registry.example': { username: 'u', password: 'p' } } }
    await foreign(
      'lossy',
      { stringData: { '.dockerconfigjson': JSON.stringify(both) } },
      { annotations: { 'tokenregistries.io/adopt': 'pull' } },
    )
    await createKeys(bed.cp, 'lossy', keys)
    await bed.cp.admin.create(registries.path('lossy'), registries.ecr('lossy', 'pull', bed))
    const refused = await untilStatus(
      bed.cp,
      registries.path('lossy', 'pull'),
      'NotOwner',
      (object) => condition(object, 'SecretsSynced')?.reason === 'NotOwner',
    )
    assert.match(condition(refused, 'SecretsSynced')?.message ?? '', /registry\.example/)
  })

  it('gives a Secret up when somebody strips its label, and writes when the one in the way goes', async () => {
    const path = await setUp('released')
    await untilStatus(bed.cp, path, 'ready', isReady)
    await bed.cp.admin.patch(secretPath('released', 'pull'), { metadata: { labels: { [managedBy]: null } } })
    await untilStatus(
      bed.cp,
      path,
      'NotOwner',
      (object) => condition(object, 'SecretsSynced')?.reason === 'NotOwner',
    )
    await bed.cp.admin.delete(secretPath('released', 'pull'))
    await untilStatus(bed.cp, path, 'ready', isReady)
    assert.equal((await read('released')).metadata?.labels?.[managedBy], 'token-registries')
  })

  it('reports an immutable Secret and never replaces it', async () => {
    const path = await setUp('frozen')
    await untilStatus(bed.cp, path, 'ready', isReady)
    const { metadata } = await read('frozen')
    await bed.cp.admin.patch(secretPath('frozen', 'pull'), { immutable: true })
    await requestRefresh(path, 'now')
    const refused = await untilStatus(
      bed.cp,
      path,
      'NotOwner',
      (object) => condition(object, 'SecretsSynced')?.reason === 'NotOwner',
    )
    assert.match(condition(refused, 'SecretsSynced')?.message ?? '', /immutable/)
    assert.equal((await read('frozen')).metadata?.uid, metadata?.uid)
  })

  it('lets the older of two claimants have the name, and the other take over when it goes', async () => {
    const path = await setUp('rivals')
    const first = await untilStatus(bed.cp, path, 'ready', isReady)
    // Age is told in whole seconds; in a tie the uid decides, which a test cannot choose.
    const born = Date.parse(String(first.metadata?.['creationTimestamp']))
    await eventually('the next second', () => (Date.now() >= born + 1000 ? true : undefined))
    await bed.cp.admin.create(
      registries.path('rivals'),
      registries.ecr('rivals', 'second', bed, { secret: { name: 'pull' } }),
    )
    const loser = await untilStatus(
      bed.cp,
      registries.path('rivals', 'second'),
      'NotOwner',
      (object) => condition(object, 'SecretsSynced')?.reason === 'NotOwner',
    )
    assert.match(condition(loser, 'SecretsSynced')?.message ?? '', /TokenRegistry\/rivals\/pull/)
    const { metadata } = await read('rivals')
    await bed.cp.admin.delete(path)
    await untilStatus(bed.cp, registries.path('rivals', 'second'), 'ready', isReady)
    const taken = await read('rivals')
    assert.equal(taken.metadata?.uid, metadata?.uid)
    assert.equal(taken.metadata?.annotations?.['tokenregistries.io/owner'], 'TokenRegistry/rivals/second')
  })

  it('attaches to ServiceAccounts, keeps others’ entries and detaches what it added', async () => {
    await createNamespace(bed.cp, 'attach')
    const account = '/api/v1/namespaces/attach/serviceaccounts/default'
    await bed.cp.admin.patch(account, { imagePullSecrets: [{ name: 'theirs' }] })
    await createKeys(bed.cp, 'attach', keys)
    await bed.cp.admin.create(
      registries.path('attach'),
      registries.ecr('attach', 'pull', bed, { serviceAccounts: { attach: 'Default' } }),
    )
    await untilPullSecrets('attach', ['theirs', 'pull'])
    await bed.cp.admin.create('/api/v1/namespaces/attach/serviceaccounts', {
      metadata: { name: 'worker', namespace: 'attach' },
    })
    await bed.cp.admin.patch(registries.path('attach', 'pull'), {
      spec: { serviceAccounts: { attach: 'Named', names: ['worker'] } },
    })
    await untilPullSecrets('attach', ['pull'], 'worker')
    await untilPullSecrets('attach', ['theirs'])
    await bed.cp.admin.delete(registries.path('attach', 'pull'))
    await untilPullSecrets('attach', [], 'worker')
    const left = await bed.cp.admin.get<KubeObject>('/api/v1/namespaces/attach/serviceaccounts/worker')
    assert.equal(left.metadata?.annotations?.['tokenregistries.io/attached'], undefined)
  })

  it('keeps a renamed registry pulling while its new name is taken, and detaches with attach None', async () => {
    const path = await setUp('renamed', { serviceAccounts: { attach: 'Default' } })
    await untilStatus(bed.cp, path, 'ready', isReady)
    await untilPullSecrets('renamed', ['pull'])
    await bed.cp.admin.create('/api/v1/namespaces/renamed/secrets', {
      metadata: { name: 'taken' },
      stringData: { a: 'b' },
    })
    await bed.cp.admin.patch(path, { spec: { secret: { name: 'taken' } } })
    await untilStatus(
      bed.cp,
      path,
      'NotOwner',
      (object) => condition(object, 'SecretsSynced')?.reason === 'NotOwner',
    )
    await untilStatus(bed.cp, await setUp('renamed-witness'), 'ready', isReady)
    assert.ok(await read('renamed'), 'the Secret of the old name stays')
    await untilPullSecrets('renamed', ['pull'])
    await bed.cp.admin.patch(path, { spec: { secret: { name: 'pull' } } })
    await untilStatus(bed.cp, path, 'ready', isReady)
    await bed.cp.admin.patch(path, { spec: { serviceAccounts: { attach: 'None' } } })
    await untilPullSecrets('renamed', [])
  })

  it('never writes an old password for new hosts', async () => {
    const path = await setUp('moved')
    await untilStatus(bed.cp, path, 'ready', isReady)
    const before = await read('moved')
    await bed.cp.admin.patch(path, { spec: { provider: { ecr: { region: 'ap-south-2' } } } }) // where nobody answers
    const failed = await untilStatus(
      bed.cp,
      path,
      'the refusal',
      (object) => condition(object, 'Ready')?.status === 'False' && object.status?.attempts !== 0,
    )
    assert.deepEqual((await read('moved')).data, before.data)
    assert.match(condition(failed, 'CredentialIssued')?.message ?? '', /hosts of the spec before/)
  })

  it('follows keys in a Secret that carries the label of our own', async () => {
    await createNamespace(bed.cp, 'labelled')
    await bed.cp.admin.create('/api/v1/namespaces/labelled/secrets', {
      metadata: { name: 'aws-keys', labels: { [managedBy]: 'token-registries' } },
      stringData: keys,
    })
    await bed.cp.admin.create(registries.path('labelled'), registries.ecr('labelled', 'pull', bed))
    await untilStatus(bed.cp, registries.path('labelled', 'pull'), 'ready', isReady)
    const labelled = bed.aws.world.addUser({ name: 'labelled' })
    await bed.cp.admin.patch(secretPath('labelled', 'aws-keys'), {
      stringData: { accessKeyId: labelled.accessKeyId, secretAccessKey: labelled.secretAccessKey },
    })
    await eventually('a call by the new user', () =>
      bed.aws.log.entries.some(({ principal }) => principal.endsWith('user/labelled')) ? true : undefined,
    )
  })

  it('refreshes on request and echoes it; does nothing while suspended', async () => {
    // Registries of other tests are tried again meanwhile: the calls of its own identity count.
    const { accessKeyId, secretAccessKey } = bed.aws.world.addUser({ name: 'requester' })
    const path = await setUp('request', {}, { accessKeyId, secretAccessKey })
    await untilStatus(bed.cp, path, 'ready', isReady)
    const before = await read('request')
    const calls = (): number =>
      bed.aws.log.entries.filter(({ principal }) => principal.endsWith('user/requester')).length
    assert.equal(calls(), 1)
    await nextSecond() // else the second token would not live longer, and be asked for again
    await requestRefresh(path, 'first')
    await untilStatus(
      bed.cp,
      path,
      'the echo',
      (object) => object.status?.lastHandledRefreshRequest === 'first',
    )
    const after = await eventually('a new token', async () => {
      const secret = await read('request')
      return secret.data['.dockerconfigjson'] === before.data['.dockerconfigjson'] ? undefined : secret
    })
    assert.equal(after.metadata?.uid, before.metadata?.uid)
    assert.equal(calls(), 2)
    await bed.cp.admin.patch(path, { spec: { suspend: true } })
    await untilStatus(
      bed.cp,
      path,
      'the suspension',
      (object) => object.status?.observedGeneration === object.metadata?.['generation'],
    )
    await requestRefresh(path, 'second')
    await bed.cp.admin.delete(secretPath('request', 'pull'))
    // Another registry that becomes ready afterwards shows that these events were worked through.
    await untilStatus(bed.cp, await setUp('witness'), 'ready', isReady)
    assert.equal((await bed.cp.request('admin', 'GET', secretPath('request', 'pull'))).status, 404)
    await bed.cp.admin.patch(path, { spec: { suspend: false } })
    await untilStatus(
      bed.cp,
      path,
      'the second echo',
      (object) => object.status?.lastHandledRefreshRequest === 'second',
    )
    await eventually('the Secret', async () => read('request').catch(() => undefined))
  })

  it('takes changed keys at once', async () => {
    const path = await setUp('rotate')
    await untilStatus(bed.cp, path, 'ready', isReady)
    const other = bed.aws.world.addUser({ name: 'other' })
    await bed.cp.admin.patch(secretPath('rotate', 'aws-keys'), {
      stringData: { accessKeyId: other.accessKeyId, secretAccessKey: other.secretAccessKey },
    })
    await eventually('a call by the new user', () =>
      bed.aws.log.entries.some(({ principal }) => principal.endsWith('user/other')) ? true : undefined,
    )
  })

  it('names the field manager that keeps rewriting a Secret, and stops fighting', async () => {
    const path = await setUp('contested')
    await untilStatus(bed.cp, path, 'ready', isReady)
    const edit = (): Promise<KubeObject> =>
      bed.cp.admin.patch(`${secretPath('contested', 'pull')}?fieldManager=cronjob`, {
        data: { '.dockerconfigjson': 'e30=' },
      })
    const said = await eventually('the report', async () => {
      const object = await bed.cp.admin.get<RegistryView>(path)
      if (condition(object, 'SecretsSynced')?.reason === 'NotOwner') return object
      if ((await read('contested')).data['.dockerconfigjson'] !== 'e30=') await edit()
      return undefined
    })
    assert.match(
      condition(said, 'SecretsSynced')?.message ?? '',
      /again and again by the field manager "cronjob"/,
    )
  })

  it('warns of a declared end that is near', async () => {
    const soon = new Date(Date.now() + 10 * 24 * 3_600_000).toISOString()
    const path = await setUp('ending', { credentials: { secret: { name: 'aws-keys', expiresAt: soon } } })
    await untilStatus(bed.cp, path, 'ready', isReady)
    const event = await eventually('the event', async () => {
      const { items } = await bed.cp.admin.get<{ items: { reason: string; note: string }[] }>(
        '/apis/events.k8s.io/v1/namespaces/ending/events',
      )
      return items.find(({ reason }) => reason === 'CredentialsExpired')
    })
    assert.match(event.note, new RegExp(`spec.credentials.secret.expiresAt .*${soon.slice(0, 10)}`))
  })

  it('updates marks that the spec adds', async () => {
    const path = await setUp('marks')
    await untilStatus(bed.cp, path, 'ready', isReady)
    await bed.cp.admin.patch(path, { spec: { secret: { labels: { 'team.example/cost': 'shop' } } } })
    await eventually('the label', async () =>
      (await read('marks')).metadata?.labels?.['team.example/cost'] === 'shop' ? true : undefined,
    )
  })

  function requestRefresh(path: string, value: string): Promise<RegistryView> {
    return bed.cp.admin.patch<RegistryView>(path, {
      metadata: { annotations: { 'tokenregistries.io/refresh-requested-at': value } },
    })
  }

  async function untilPullSecrets(namespace: string, names: string[], account = 'default'): Promise<void> {
    let last: unknown
    await eventually(
      `imagePullSecrets ${names.join()} of ${account}`,
      async () => {
        const found = await bed.cp.admin.get<KubeObject & { imagePullSecrets?: { name: string }[] }>(
          `/api/v1/namespaces/${namespace}/serviceaccounts/${account}`,
        )
        last = (found.imagePullSecrets ?? []).map(({ name }) => name)
        return JSON.stringify(last) === JSON.stringify(names) ? true : undefined
      },
      () => JSON.stringify(last),
    )
  }
})

function config(secret: SecretView): { auths: Record<string, unknown> } {
  return JSON.parse(Buffer.from(secret.data['.dockerconfigjson'] ?? '', 'base64').toString()) as {
    auths: Record<string, unknown>
  }
}
