import { RegistryError } from '../../core/errors.ts'
import { takeMaterial } from '../material.ts'
import type { TokenProvider } from '../provider.ts'
import { staticConfigSchema, staticMaterialKeys, type StaticConfig } from './config.ts'

/** A fixed user name and password: nothing upstream is asked, the copies only follow the Secret. */
export const staticProvider = {
  type: 'static',
  configSchema: staticConfigSchema,
  accepts: ['material'],
  materialKeys: staticMaterialKeys,
  hosts: ({ hosts }) => [...new Set(hosts)].sort(),
  targetKey: () => 'static',
  customEndpoints: () => [],
  upstreamRoles: () => [],

  async issue(_config, { credentials, now }) {
    const { values, source } = takeMaterial(credentials, staticMaterialKeys)
    const { username = '', password = '' } = values
    check(username, `${source}: key username`)
    check(password, `${source}: key password`)
    if (username.includes(':')) {
      throw new RegistryError(
        'CredentialsInvalid',
        `${source}: key username contains a colon, which the registry protocol reads as the start of the password; write the user name alone`,
      )
    }
    return { username, password, issuedAt: now(), expiresAt: null }
  },
} satisfies TokenProvider<StaticConfig>

function check(value: string, where: string): void {
  if (!/[\u0000-\u001f\u007f]/.test(value)) return
  throw new RegistryError(
    'CredentialsInvalid',
    `${where} contains a line break or another control character, which no registry accepts; store the value on one line`,
  )
}
