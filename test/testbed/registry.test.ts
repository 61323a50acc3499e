import assert from 'node:assert/strict'
import { randomUUID, sign } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { issueCertificate } from './certificates.ts'
import { makeDataFolder, type DataFolder } from './data-folder.ts'
import { PullError, pullWithSecrets, pushImage, startRegistry, type Registry } from './registry.ts'

const service = 'registry.test'
const issuer = 'tokens.test'
const password = 'right'.repeat(500)

/** A Secret as the API server returns it, with one entry per key. */
function pullSecret(entries: Record<string, [string, string]>): object {
  const auths = Object.fromEntries(
    Object.entries(entries).map(([key, pair]) => [
      key,
      { auth: Buffer.from(pair.join(':')).toString('base64') },
    ]),
  )
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: Object.keys(entries)[0], namespace: 'team' },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') },
  }
}

/** A token server that knows one user and gives it whatever scope it asks for. */
async function startTokenServer(certPem: string, key: string): Promise<Server> {
  const x5c = [certPem.replace(/-----[^-]+-----|\s/g, '')]
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const server = createServer((request, response) => {
    const expected = `Basic ${Buffer.from(`robot:${password}`).toString('base64')}`
    if (request.headers.authorization !== expected) return response.writeHead(401).end()
    const asked = new URL(request.url ?? '/', 'http://localhost').searchParams.getAll('scope')
    const access = asked.map((scope) => {
      const [type, name, actions = ''] = scope.split(':')
      return { type, name, actions: actions.split(',') }
    })
    const now = Math.floor(Date.now() / 1000)
    const times = { nbf: now - 10, iat: now, exp: now + 300 }
    const claims = { iss: issuer, aud: service, sub: 'robot', jti: randomUUID(), ...times, access }
    const signed = `${encode({ typ: 'JWT', alg: 'ES256', x5c })}.${encode(claims)}`
    const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' })
    return response.end(JSON.stringify({ token: `${signed}.${signature.toString('base64url')}` }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

describe('registry', { timeout: 300_000 }, () => {
  let data: DataFolder
  let tokens: Server
  let registry: Registry
  let image: string
  let digest: string

  before(async () => {
    data = await makeDataFolder()
    const files = await issueCertificate({ folder: data.path, name: 'tokens' })
    const certPem = await readFile(files.certFile, 'utf8')
    tokens = await startTokenServer(certPem, await readFile(files.keyFile, 'utf8'))
    const realm = `http://127.0.0.1:${(tokens.address() as AddressInfo).port}/token`
    const rootCertBundlePem = await readFile(files.caFile, 'utf8')
    registry = await startRegistry({ realm, service, issuer, rootCertBundlePem })
    image = `${registry.host}/team/app:1`
    digest = await pushImage({ image, username: 'robot', password })
  })
  after(async () => {
    await registry?.stop()
    tokens?.close()
    await data?.remove()
  })

  it('refuses requests without a token', async () => {
    const response = await fetch(`${registry.url}/v2/team/app/manifests/1`)
    assert.equal(response.status, 401)
    assert.match(
      response.headers.get('www-authenticate') ?? '',
      /realm="http:\/\/localhost.*service="registry.test"/,
    )
    await assert.rejects(pushImage({ image, username: 'robot', password: 'wrong' }), /401|unauthorized/i)
    await assert.rejects(pushImage({ image }), /401|unauthorized/i)
  })

  it('serves a pull with the matching entry of a Secret', async () => {
    const secret = pullSecret({ [registry.host]: ['robot', password], 'elsewhere.test': ['other', 'x'] })
    const report = await pullWithSecrets([secret], image)
    assert.deepEqual([report.digest, report.username, report.matched, report.layers], [digest, 'robot', 1, 2])
  })

  it('is asked with every matching entry in the order of the kubelet', async () => {
    const stale = pullSecret({ [`${registry.host}/team/`]: ['stale', 'old'] })
    const good = pullSecret({ [registry.host]: ['robot', password] })
    const report = await pullWithSecrets([good, stale], image)
    assert.deepEqual(
      report.attempts?.map(({ username, error }) => [username, error !== undefined]),
      [
        ['stale', true],
        ['robot', false],
      ],
    )
  })

  it('refuses a pull when entries match but none is right', async () => {
    const wrong = pullSecret({ [registry.host]: ['robot', 'wrong'] })
    await assert.rejects(pullWithSecrets([wrong], image), (error: unknown) => {
      assert.ok(error instanceof PullError)
      assert.equal(error.report.matched, 1)
      assert.match(error.message, /401|unauthorized/i)
      return true
    })
  })

  it('stands in for a real host name, which is otherwise never dialled', async () => {
    const name = '123456789012.dkr.ecr.eu-west-1.amazonaws.com'
    const bare = { auths: { [name]: { username: 'robot', password } } }
    const elsewhere = `${name}/team/app:1`
    const report = await pullWithSecrets([bare], elsewhere, { resolve: { [name]: registry.host } })
    assert.equal(report.digest, digest)
    await assert.rejects(pullWithSecrets([bare], elsewhere), /not on loopback/)
  })
})
