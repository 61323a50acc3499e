import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { KubeConfig } from '@kubernetes/client-node'
import { Connections } from './connections.ts'
import { KubeError } from './errors.ts'

const connections = (cluster: {
  server: string
  skipTLSVerify?: boolean
  proxyUrl?: string
}): Connections => {
  const config = new KubeConfig()
  config.loadFromClusterAndUser({ name: 'c', skipTLSVerify: false, ...cluster }, { name: 'u' })
  return new Connections(config, 2)
}
const credentials = (fingerprint: string) => ({ headers: {}, tls: {}, fingerprint })

suite('Connections', () => {
  const servers: [server: string, origin: string, prefix: string][] = [
    ['https://10.0.0.1:6443', 'https://10.0.0.1:6443', ''],
    ['https://[fd00::1]:6443/', 'https://[fd00::1]:6443', ''],
    ['https://rancher.example.com/k8s/clusters/c-x', 'https://rancher.example.com', '/k8s/clusters/c-x'],
  ]
  for (const [server, origin, prefix] of servers) {
    test(`to ${server}`, () => {
      const { origin: foundOrigin, prefix: foundPrefix } = connections({ server })
      assert.deepEqual([foundOrigin, foundPrefix], [origin, prefix])
    })
  }

  test('are kept while the TLS material is the same, and apart for requests and watches', async () => {
    const pools = connections({ server: 'https://10.0.0.1' })
    const first = pools.for('request', credentials('a'))
    assert.equal(pools.for('request', credentials('a')), first)
    assert.notEqual(pools.for('watch', credentials('a')), first)
    assert.notEqual(pools.for('request', credentials('b')), first)
    await pools.close()
  })

  test('are made anew after one was found dead, once', async () => {
    const pools = connections({ server: 'https://10.0.0.1' })
    const dead = pools.for('request', credentials('a'))
    pools.renew('request', dead)
    const next = pools.for('request', credentials('a'))
    assert.notEqual(next, dead)
    pools.renew('request', dead)
    assert.equal(pools.for('request', credentials('a')), next)
    await pools.close()
  })

  test('end with close', async () => {
    const pools = connections({ server: 'https://10.0.0.1' })
    await pools.close()
    assert.throws(
      () => pools.for('request', credentials('a')),
      (error) => error instanceof KubeError && error.reason === 'Closed',
    )
  })

  test('refuse plain http unless told, and proxies that cannot work', () => {
    assert.throws(() => connections({ server: 'http://10.0.0.1' }), /HTTP protocol is not allowed/)
    connections({ server: 'http://127.0.0.1:8001', skipTLSVerify: true })
    assert.throws(() => connections({ server: 'https://10.0.0.1', proxyUrl: 'socks4://p' }), /SOCKS 4/)
  })
})
