import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConfigError } from '../config.ts'
import { loadPluginConfig } from './config.ts'

const load = (env: Record<string, string>, ...more: string[]) =>
  loadPluginConfig({
    env,
    argv: ['serve-plugin', ...more],
    defaultFolder: '/app/plugin',
    fileExists: (path) => path === '/other',
  })

describe('loadPluginConfig', () => {
  it('needs nothing at all, and listens on all addresses only in a pod', () => {
    assert.deepEqual(load({ UNKNOWN: 'x', LOG_LEVEL: '', PLUGIN_FOLDER: '' }), {
      httpHost: '127.0.0.1',
      httpPort: 8080,
      logLevel: 'info',
      folder: '/app/plugin',
    })
    assert.equal(load({ KUBERNETES_SERVICE_HOST: '10.0.0.1' }).httpHost, undefined)
  })

  it('takes what is given', () => {
    const env = { HTTP_HOST: '::1', HTTP_PORT: '0', LOG_LEVEL: 'debug', PLUGIN_FOLDER: '/other' }
    assert.deepEqual(load(env), { httpHost: '::1', httpPort: 0, logLevel: 'debug', folder: '/other' })
  })

  it('names all that is wrong at once, each with its remedy', () => {
    const env = { HTTP_PORT: '80800', LOG_LEVEL: 'loud', PLUGIN_FOLDER: '/missing' }
    assert.throws(
      () => load(env, '--kubeconfig', 'x'),
      (error) => {
        assert.ok(error instanceof ConfigError)
        assert.equal(error.exitCode, 2)
        assert.match(error.message, /HTTP_PORT is "80800": must be a whole number from 0 to 65535/)
        assert.match(error.message, /LOG_LEVEL is "loud": must be one of trace/)
        assert.match(error.message, /PLUGIN_FOLDER is "\/missing": there is no such folder; name one/)
        assert.match(error.message, /serve-plugin is "--kubeconfig x": takes no further arguments/)
        return true
      },
    )
  })
})
