// As whom: the server's own identity under the administrator's policy, role chains, and plain passwords.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { secretValue } from '../canaries/marks.ts'
import type { Role } from '../fakes/aws/index.ts'
import { KubeRequestError, type KubeObject } from '../testbed/kube-client.ts'
import { createNamespace, createProject } from '../testbed/rancher.ts'
import {
  condition,
  createKeys,
  eventually,
  isReady,
  registries,
  startBed,
  untilStatus,
  type Bed,
} from './harness.ts'

const policyPath = '/api/v1/namespaces/token-registries-system/configmaps/token-registries-policy'

describe('identities', () => {
  let bed: Bed
  let serverRole: Role
  let teamRole: Role

  before(async () => {
    const account = 'arn:aws:iam::123456789012:role'
    bed = await startBed({
      policy: {
        serverIdentity: {
          namespaces: { mapped: ['self'] },
          projects: { 'c-m-test:p-shop': [`${account}/team-*`] },
          cluster: [],
        },
      },
    })
    const { aws, cp } = bed
    serverRole = aws.world.addRole({ name: 'server', trust: { principals: ['ec2.amazonaws.com'] } })
    teamRole = aws.world.addRole({
      name: 'team-shop',
      trust: { principals: [serverRole.arn], tagSession: true },
    })
    const project = await createProject(cp, { projectId: 'p-shop' })
    for (const name of ['mapped', 'unmapped', 'chained', 'plain']) await createNamespace(cp, name)
    await createNamespace(cp, 'shop', { project })
    const container = await aws.containerIdentity(serverRole)
    await bed.startServer({
      env: { ...container, AWS_ENDPOINT_URL_STS: aws.endpoint, AWS_ENDPOINT_URL_ECR: aws.endpoint },
    })
  })
  after(() => bed?.close())

  function withServerIdentity(namespace: string, ecr: Record<string, unknown> = {}): KubeObject {
    return registries.ecr(namespace, 'pull', bed, { credentials: { serverIdentity: {} } }, ecr)
  }

  it('uses the server’s identity where the policy maps it to the namespace', async () => {
    await bed.cp.admin.create(registries.path('mapped'), withServerIdentity('mapped'))
    const { status } = await untilStatus(bed.cp, registries.path('mapped', 'pull'), 'ready', isReady)
    assert.equal(status?.targets?.synced, 1)
    const call = bed.aws.log.entries.find(({ action }) => action === 'GetAuthorizationToken')
    assert.match(call?.principal ?? '', /assumed-role\/server\//)
  })

  it('assumes the role that the policy allows the project, with an external id that the server makes', async () => {
    await bed.cp.admin.create(
      registries.path('shop'),
      withServerIdentity('shop', { assumeRoles: [{ arn: teamRole.arn }] }),
    )
    await untilStatus(bed.cp, registries.path('shop', 'pull'), 'ready', isReady)
    const { metadata } = await bed.cp.admin.get<KubeObject>('/api/v1/namespaces/shop')
    const assumed = bed.aws.log.entries.find(
      ({ action, detail }) => action === 'AssumeRole' && detail['RoleArn'] === teamRole.arn,
    )
    assert.equal(assumed?.detail['ExternalId'], `c-m-test/p-shop/${metadata?.uid}`)
  })

  it('is refused by the API server where the policy maps nothing', async () => {
    await assert.rejects(
      bed.cp.admin.create(registries.path('unmapped'), withServerIdentity('unmapped')),
      (error: unknown) => {
        assert.ok(error instanceof KubeRequestError)
        assert.match(error.message, /spec\.credentials\.serverIdentity.*policy/)
        return true
      },
    )
  })

  it('is refused at use when the policy became stricter, and keeps what is in place', async () => {
    const secret = '/api/v1/namespaces/mapped/secrets/pull'
    const before = await bed.cp.admin.get<KubeObject>(secret)
    const { data } = await bed.cp.admin.get<KubeObject & { data: Record<string, string> }>(policyPath)
    await bed.cp.admin.patch(policyPath, { data: { 'serverIdentity.namespace.mapped': null } })
    const calls = bed.aws.log.count('GetAuthorizationToken')
    const refused = await untilStatus(
      bed.cp,
      registries.path('mapped', 'pull'),
      'NotAllowed',
      (object) => condition(object, 'CredentialIssued')?.reason === 'NotAllowed',
    )
    assert.match(
      condition(refused, 'CredentialIssued')?.message ?? '',
      /administrator's policy does not let namespace mapped/,
    )
    assert.equal(bed.aws.log.count('GetAuthorizationToken'), calls)
    assert.deepEqual(await bed.cp.admin.get<KubeObject>(secret), before)
    await bed.cp.admin.patch(policyPath, {
      data: { 'serverIdentity.namespace.mapped': data['serverIdentity.namespace.mapped'] },
    })
    await untilStatus(
      bed.cp,
      registries.path('mapped', 'pull'),
      'ready again',
      (object) => isReady(object) && condition(object, 'CredentialIssued')?.status === 'True',
    )
  })

  it('follows a chain of roles with an external id from access keys', async () => {
    const { aws, cp } = bed
    const { accessKeyId, secretAccessKey } = aws.world.addUser({ name: 'ci' })
    const first = aws.world.addRole({
      name: 'first',
      trust: { principals: ['arn:aws:iam::123456789012:user/ci'], externalId: 'shop-1' },
    })
    const second = aws.world.addRole({ name: 'second', trust: { principals: [first.arn] } })
    await createKeys(cp, 'chained', { accessKeyId, secretAccessKey })
    const assumeRoles = [{ arn: first.arn, externalId: 'shop-1' }, { arn: second.arn }]
    await cp.admin.create(
      registries.path('chained'),
      registries.ecr('chained', 'pull', bed, {}, { assumeRoles }),
    )
    await untilStatus(cp, registries.path('chained', 'pull'), 'ready', isReady)
    assert.match(aws.log.entries.at(-1)?.principal ?? '', /assumed-role\/second\//)
  })

  it('writes a plain user and password, and follows their change', async () => {
    const { cp } = bed
    const first = secretValue('password')
    const second = secretValue('password')
    await createKeys(cp, 'plain', { user: 'robot', token: first }, 'robot')
    await cp.admin.create(registries.path('plain'), {
      apiVersion: 'tokenregistries.io/v1alpha1',
      kind: 'TokenRegistry',
      metadata: { name: 'pull', namespace: 'plain' },
      spec: {
        provider: { static: { hosts: ['quay.example/team', 'mirror.example:5000'] } },
        credentials: { secret: { name: 'robot', keys: { username: 'user', password: 'token' } } },
      },
    })
    const ready = await untilStatus(cp, registries.path('plain', 'pull'), 'ready', isReady)
    assert.equal(ready.status?.expiresAt, undefined)
    const auth = (password: string): object => ({
      username: 'robot',
      password,
      auth: Buffer.from(`robot:${password}`).toString('base64'),
    })
    assert.deepEqual(await auths(), {
      'mirror.example:5000': auth(first),
      'quay.example/team': auth(first),
    })
    await cp.admin.patch('/api/v1/namespaces/plain/secrets/robot', { stringData: { token: second } })
    await eventually('the new password', async () =>
      JSON.stringify(await auths()).includes(second) ? true : undefined,
    )
  })

  async function auths(): Promise<unknown> {
    const { data } = await bed.cp.admin.get<KubeObject & { data: Record<string, string> }>(
      '/api/v1/namespaces/plain/secrets/pull',
    )
    return (
      JSON.parse(Buffer.from(data['.dockerconfigjson'] ?? '', 'base64').toString()) as { auths: unknown }
    ).auths
  }
})
