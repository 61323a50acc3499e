// A team points a registry at places that the server can reach and the team cannot, with every address listed by a
// careless administrator: the running server resolves these names by its own hosts file and connects to none of them.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { AddressGuards } from '../../server/controller/address-guards.ts'
import { RegistryError } from '../../server/core/errors.ts'
import { denyAll } from '../../server/core/policy.ts'
import { createKubeClient, type KubeClient } from '../../server/kube/client.ts'
import { loadKubeConfig } from '../../server/kube/config.ts'
import { refusal, startApiProxy, type ApiProxy, type ProxiedRequest } from '../fakes/api-proxy.ts'
import { freePort } from '../testbed/ports.ts'
import { createNamespace } from '../testbed/rancher.ts'
import { condition, createKeys, isReady, registries, startBed, untilStatus, type Bed } from './harness.ts'
import { MemoryLogger, writeKubeconfig } from './kube-harness.ts'
import { withHosts, writeHosts } from './own-hosts.ts'

const policyPath = '/api/v1/namespaces/token-registries-system/configmaps/token-registries-policy'

/** Name → where it leads, and how a team is told. The control plane's Services are in 10.0.0.0/24. */
const names: Readonly<Record<string, readonly [string, RegExp]>> = {
  'metadata.example': [
    '169.254.169.254',
    /leads to a metadata service of the cloud; no policy can allow that/,
  ],
  'mapped.example': ['::ffff:169.254.169.254', /leads to a metadata service of the cloud/],
  'translated.example': ['64:ff9b::a9fe:a9fe', /leads to a metadata service of the cloud/],
  'loopback.example': [
    '127.0.0.1',
    /leads to the server itself \(loopback\); an administrator can list a bare loopback address/,
  ],
  'loopback6.example': ['::1', /leads to the server itself/],
  'link.example': ['169.254.7.7', /leads to a link-local address/],
  'service.example': ['10.0.0.1', /leads to a Service of this cluster/],
  'denied.example': [
    '198.51.100.7',
    /leads to an address that the administrator denies; .*policy\.deniedCIDRs/,
  ],
  localhost: ['127.0.0.1', /leads to the server itself/],
  'minio.shop.svc': ['127.0.0.1', /leads to a Service of this cluster/],
}

let bed: Bed
let hosts: string
let internal: Server
let internalPort: number
let connections = 0

before(async () => {
  internal = createServer((_, response) => {
    response
      .writeHead(302, { location: `http://127.0.0.1:${internalPort}/CANARY-location` })
      .end('CANARY-body')
  })
  internal.on('connection', () => connections++)
  internal.listen(0, '127.0.0.1')
  await once(internal, 'listening')
  internalPort = (internal.address() as AddressInfo).port
  const port = await freePort()
  const listed = [...Object.keys(names), 'moving.example', '127.0.0.1'].map(
    (name) => `${name}:${internalPort}`,
  )
  const policy = { allowedEndpoints: [...listed, `127.0.0.1:${port}`], deniedCIDRs: ['198.51.100.0/24'] }
  bed = await startBed({ aws: { port }, policy })
  hosts = join(bed.cp.folder, 'hosts')
  await moveTo('127.0.0.1')
  await createNamespace(bed.cp, 'shop')
  const { accessKeyId, secretAccessKey } = bed.aws.world.addUser({ name: 'puller' })
  await createKeys(bed.cp, 'shop', { accessKeyId, secretAccessKey })
  await bed.startServer({ through: withHosts(hosts) })
})
after(async () => {
  internal?.closeAllConnections()
  internal?.close()
  await bed?.close()
})

describe('a listed name that leads to', { concurrency: true }, () => {
  for (const [name, [address, says]] of Object.entries(names)) {
    it(`${address} (${name}) is not connected to`, async () => {
      const message = await told(await register(name.replaceAll('.', '-'), name), 'NotAllowed')
      assert.match(message, new RegExp(`^spec\\.provider\\.ecr\\.endpoint: ${name}:${internalPort} `))
      assert.match(message, says)
      assert.ok(name === 'localhost' || !message.includes(address), message)
    })
  }
})

describe('the server', () => {
  it('looks at a name anew for each call', async () => {
    const registry = await register('moving', 'moving.example')
    assert.match(await told(registry, 'NotAllowed'), /loopback/)
    await moveTo('169.254.169.254')
    await refresh(registry)
    await untilStatus(bed.cp, registry, 'metadata', (object) =>
      Boolean(condition(object, 'CredentialIssued')?.message.includes('a metadata service')),
    )
  })

  it('has connected to nothing of all this', () => assert.equal(connections, 0))

  it('follows no redirect, and tells nothing of the answer', async () => {
    const message = await told(await register('redirected', '127.0.0.1'), 'BadResponse')
    assert.match(message, /HTTP 302/)
    assert.doesNotMatch(message, /CANARY/)
    assert.ok(connections > 0)
  })

  it('uses a bare loopback address that is listed, and no longer with an empty list', async () => {
    const registry = registries.path('shop', 'listed')
    await bed.cp.admin.create(registries.path('shop'), registries.ecr('shop', 'listed', bed))
    await untilStatus(bed.cp, registry, 'ready', isReady)
    await bed.cp.admin.patch(policyPath, { data: { allowedEndpoints: null } })
    const calls = bed.aws.log.count()
    await refresh(registry)
    assert.match(await told(registry, 'NotAllowed'), /names the endpoint 127\.0\.0\.1:\d+, which/)
    assert.equal(bed.aws.log.count(), calls)
  })
})

describe('where the Services of the cluster are', () => {
  let proxy: ApiProxy
  let client: KubeClient
  const logger = new MemoryLogger()
  const policy = { ...denyAll, allowedEndpoints: ['10.0.0.1:443', '10.1.0.1:443'] }
  let now = new Date()

  before(async () => {
    proxy = await startApiProxy(bed.cp)
    const caFile = join(bed.cp.folder, 'proxy-ca.crt')
    await writeFile(caFile, proxy.ca)
    const user = { token: await bed.chart.serverToken() }
    const file = await writeKubeconfig(bed.cp, { server: proxy.url, caFile, user })
    client = createKubeClient(loadKubeConfig({ kubeconfig: file, context: 'test' }))
  })
  after(async () => {
    await client?.close()
    await proxy?.close()
  })

  const guards = (): AddressGuards => new AddressGuards({ client, world: { policy }, now: () => now, logger })
  const classOf = async (each: AddressGuards, address: string): Promise<string | undefined> =>
    (await each.guardOf(['x.example:443'])).check(address, 443)?.addressClass
  const isAsked = ({ resource }: ProxiedRequest): boolean => resource === 'servicecidrs'

  it('is asked of the API server, for 10 minutes once, and not at all without an address of a spec', async () => {
    proxy.inject('asked', { when: isAsked, effect: { kind: 'count' } })
    const each = guards()
    await each.guardOf([])
    assert.equal(proxy.faults.hits('asked'), 0)
    const classes = await Promise.all([classOf(each, '10.0.0.1'), classOf(each, '10.1.0.1')])
    assert.deepEqual(classes, ['service', undefined])
    assert.equal(await classOf(each, '10.0.0.1'), 'service')
    assert.equal(proxy.faults.hits('asked'), 1)
    now = new Date(now.getTime() + 11 * 60_000)
    assert.equal(await classOf(each, '10.0.0.1'), 'service')
    assert.equal(proxy.faults.hits('asked'), 2)
    proxy.inject('away', { when: isAsked, effect: refusal(503, 'ServiceUnavailable') })
    now = new Date(now.getTime() + 11 * 60_000)
    assert.equal(await classOf(each, '10.0.0.1'), 'service', 'forgotten although the API server is only away')
    proxy.faults.healAll()
  })

  it('must be known when the API server has it: nothing is connected to before', async () => {
    proxy.inject('away', { when: isAsked, effect: refusal(503, 'ServiceUnavailable') })
    await assert.rejects(guards().guardOf(['x.example:443']), { code: 'Unavailable' })
    proxy.faults.healAll()
  })

  it('is left to policy.deniedCIDRs where the API is missing or refused, which is logged', async () => {
    proxy.inject('missing', { when: isAsked, effect: refusal(404, 'NotFound') })
    assert.equal(await classOf(guards(), '10.0.0.1'), undefined)
    assert.deepEqual(logger.lines, [])
    proxy.inject('missing', { when: isAsked, effect: refusal(403, 'Forbidden') })
    assert.equal(await classOf(guards(), '10.0.0.1'), undefined)
    assert.ok(logger.has('list them in policy.deniedCIDRs'))
    proxy.faults.healAll()
  })

  it('does not help when the policy cannot be read', async () => {
    const broken = new AddressGuards({
      client,
      world: { policy: { ...policy, deniedCIDRs: ['10.0.0.0/8', 'intranet'] } },
      now: () => now,
      logger,
    })
    await assert.rejects(broken.guardOf(['x.example:443']), (error: unknown) => {
      assert.ok(error instanceof RegistryError)
      assert.equal(error.code, 'NotAllowed')
      assert.match(error.message, /"intranet" is neither.*correct policy\.deniedCIDRs of the chart/)
      return true
    })
  })
})

/** Rewrites the hosts file; `address` is where moving.example is from now on. */
function moveTo(address: string): Promise<void> {
  const fixed = Object.entries(names).map(([name, [where]]) => [name, where])
  return writeHosts(hosts, { ...Object.fromEntries(fixed), 'moving.example': address })
}

/** Creates a registry whose ECR endpoint is at the host. @returns its path */
async function register(name: string, host: string): Promise<string> {
  const ecr = { endpoint: `http://${host}:${internalPort}` }
  await bed.cp.admin.create(registries.path('shop'), registries.ecr('shop', name, bed, {}, ecr))
  return registries.path('shop', name)
}

async function refresh(path: string): Promise<void> {
  const annotations = { 'tokenregistries.io/refresh-requested-at': new Date().toISOString() }
  await bed.cp.admin.patch(path, { metadata: { annotations } })
}

/** The message of the failure with this code. */
async function told(path: string, code: string): Promise<string> {
  const object = await untilStatus(
    bed.cp,
    path,
    code,
    (each) => condition(each, 'CredentialIssued')?.reason === code,
  )
  return condition(object, 'CredentialIssued')?.message ?? ''
}
