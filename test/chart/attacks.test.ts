// Each attack is refused with a sentence that helps, and passes once its policy is gone: so it is the policy that holds.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startControlPlane, type ControlPlane } from '../testbed/control-plane.ts'
import type { KubeObject, KubeResponse } from '../testbed/kube-client.ts'
import { allowed, type Request } from './allowed-table.ts'
import { attackedValues, attacksByRegistry } from './attack-table.ts'
import { plainAttacks } from './attack-table-schema.ts'
import { attacksByServer } from './attack-table-server.ts'
import { installChart } from './install.ts'
import { chartWithServiceAccounts } from './later-field.ts'
import { corePath, group, opaqueSecret, pullSecret, registryPath, tokenRegistry } from './objects.ts'
import { prepare } from './scene.ts'
import { until } from './until.ts'

const attacks = [...attacksByRegistry, ...attacksByServer]
const home = 'token-registries-system'
const bindings = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings'

describe('attacks', () => {
  let cp: ControlPlane
  let serverToken: string

  before(async () => {
    cp = await startControlPlane({ users: [{ name: 'frank' }, { name: 'mallory' }] })
    const chart = await installChart(cp, { values: attackedValues })
    serverToken = await chart.serverToken()
    await prepare(cp)
  })
  after(() => cp?.stop())

  /** As dry run: nothing stays, so attacks do not depend on each other. */
  function send({ who, method, path, body }: Request) {
    const token = who === 'server' ? serverToken : who
    const query = method === 'GET' ? '' : '?dryRun=All&fieldValidation=Strict'
    return cp.request<KubeObject>(token, method, `${path}${query}`, body) as Promise<KubeResponse<KubeObject>>
  }

  for (const attack of attacks) {
    it(`${attack.who} ${attack.title}: refused by ${attack.policy}`, async () => {
      const { status, body } = await send(attack)
      const message = String(body.message)
      assert.equal(status, 403, message)
      assert.ok(message.includes(`'${attack.policy}'`), message)
      for (const text of attack.says) assert.match(message, text)
    })
  }

  for (const { title, status: wanted, says, passes, ...request } of plainAttacks) {
    it(`${request.who} ${title}: refused with ${wanted}`, async () => {
      const { status, body } = await send(request)
      assert.equal(status, wanted, String(body.message))
      assert.match(String(body.message), says)
      const twin = await send(passes)
      assert.ok(twin.status < 300, `${twin.status} ${String(twin.body.message)}`)
    })
  }

  for (const [title, request] of Object.entries(allowed)) {
    it(`allowed: ${title}`, async () => {
      const { status, body } = await send(request)
      assert.ok(status < 300, `${status} ${String(body.message)}`)
    })
  }

  it('never looks at a registry whose spec stays as it is', async () => {
    const refreshNow = { metadata: { annotations: { [`${group}/refresh-requested-at`]: 'now' } } }
    const change = { who: 'bob', method: 'PATCH', path: registryPath('shop', 'existing') } as const
    assert.equal((await send({ ...change, body: refreshNow })).status, 200)
    assert.equal((await send({ ...change, body: { spec: { suspend: true } } })).status, 403)
  })

  it('never stands in the way of strangers, nor of the server, when the policy ConfigMap is gone', async () => {
    await cp.admin.delete(corePath(home, 'configmaps', 'token-registries-policy'))
    for (const who of ['admin', 'alice']) {
      const secrets = corePath('shop', 'secrets')
      assert.equal((await send({ who, method: 'POST', path: secrets, body: opaqueSecret('x') })).status, 201)
      assert.equal(
        (await send({ who, method: 'PATCH', path: `${secrets}/keys`, body: { type: 'Opaque' } })).status,
        200,
      )
      assert.equal((await send({ who, method: 'DELETE', path: `${secrets}/keys` })).status, 200)
      const account = corePath('shop', 'serviceaccounts', 'default')
      const body = { automountServiceAccountToken: false, metadata: { labels: { a: 'b' } } }
      assert.equal((await send({ who, method: 'PATCH', path: account, body })).status, 200)
      assert.equal(
        (await send({ who, method: 'POST', path: `${account}/token`, body: { spec: {} } })).status,
        201,
      )
      assert.equal(
        (await send({ who, method: 'POST', path: registryPath('shop'), body: tokenRegistry('x') })).status,
        201,
      )
    }
    const ours = pullSecret('new', { ours: true })
    assert.equal(
      (await send({ who: 'server', method: 'POST', path: corePath('shop', 'secrets'), body: ours })).status,
      201,
    )
  })

  for (const policy of new Set(attacks.map((attack) => attack.policy))) {
    it(`without ${policy} the same requests pass`, async () => {
      await cp.admin.delete(`${bindings}/${policy}`)
      for (const attack of attacks.filter((one) => one.policy === policy)) {
        await until(`"${attack.title}" to pass`, async () => {
          const { status, body } = await send(attack)
          if (status < 300) return true
          throw new Error(body.message as string)
        })
      }
    })
  }

  it('an upgrade brings deleted policies back', async () => {
    await installChart(cp, { values: attackedValues })
    for (const attack of attacks) assert.equal((await send(attack)).status, 403, attack.title)
  })

  it('a field that names a ServiceAccount is guarded by its mark in the schema alone', async () => {
    await installChart(cp, { values: attackedValues, chart: await chartWithServiceAccounts(cp.folder) })
    const credentials = { serviceAccount: { name: 'token-registry-ecr' } }
    const create = (who: string) =>
      send({
        who,
        method: 'POST',
        path: registryPath('shop'),
        body: tokenRegistry('attack', { credentials }),
      })
    // `edit` may create tokens of ServiceAccounts; the right on registries alone may not.
    await until('a server of the new schema', async () =>
      (await create('alice')).status === 201 ? true : undefined,
    )
    const { status, body } = await until('the new policy', async () => {
      const answer = await create('bob')
      return answer.status === 201 ? undefined : answer
    })
    assert.equal(status, 403)
    assert.match(
      String(body.message),
      /spec\.credentials\.serviceAccount\.name: you may not create tokens of ServiceAccount shop\/token-registry-ecr.* ask an administrator/,
    )
  })
})
