import { RegistryError } from '../core/errors.ts'
import type { Credentials, MaterialKey } from './provider.ts'

/**
 * The values of a Secret under the provider's own names. A newline at the end is cut off: `echo key | base64` is the
 * commonest way to make a Secret that no upstream accepts.
 * @throws RegistryError ReferenceMissing for a key without value, SpecInvalid for credentials of another kind
 */
export function takeMaterial(
  credentials: Credentials,
  keys: readonly MaterialKey[],
): { readonly values: Readonly<Record<string, string>>; readonly source: string } {
  if (credentials.kind !== 'material') {
    throw new RegistryError(
      'SpecInvalid',
      'spec.credentials: this provider takes credentials.secret only; the server has no identity of its own for it',
    )
  }
  const values: Record<string, string> = {}
  for (const { name, optional, label } of keys) {
    const value = (credentials.values[name] ?? '').replace(/[\r\n]+$/, '')
    if (value.trim() !== '') values[name] = value
    else if (!optional) {
      throw new RegistryError(
        'ReferenceMissing',
        `${credentials.source}: key ${name} (${label}) is missing or empty; put the value there, or name the key that holds it in spec.credentials.secret.keys.${name}`,
      )
    }
  }
  return { values, source: credentials.source }
}
