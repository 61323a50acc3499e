import { RegistryError } from '../core/errors.ts'
import { identityKey } from '../core/mac.ts'
import { checkPolicy } from '../core/policy.ts'
import type { Registry } from '../core/registry.ts'
import { readRefusal, type SecretAccess } from '../core/secret-access.ts'
import type { NamespaceInfo } from '../core/targets.ts'
import type { KubeClient } from '../kube/client.ts'
import { isForbidden, isNotFound } from '../kube/errors.ts'
import { secretPath } from '../kube/paths.ts'
import type { Secret } from '../kube/types.ts'
import type { Credentials, TokenProvider } from '../providers/provider.ts'
import type { World } from './world.ts'

/** Proof of identity, read just now. Never kept: the identity key stands for it afterwards. */
export interface Material {
  readonly credentials: Credentials
  readonly identityKey: string
  /** resourceVersion of the Secret it was read from. */
  readonly version: string | undefined
  /** When the material itself ends, as its owner declared. */
  readonly endsAt: Date | undefined
}

/** Where material is read; `macKey` makes the identity key that stands for it. */
export interface MaterialOptions {
  readonly client: KubeClient
  readonly world: World
  readonly macKey: Buffer
  /** References of cluster registries resolve here, so that tenants never hold the keys. */
  readonly serverNamespace: string
  readonly access: SecretAccess
}

/**
 * Resolves spec.credentials after the policy was applied.
 * @throws RegistryError NotAllowed, ReferenceMissing, ClusterForbidden
 */
export async function readMaterial(
  registry: Registry,
  provider: TokenProvider,
  options: MaterialOptions,
): Promise<Material> {
  const home = options.world.namespaces.get(registry.ref.namespace)
  const { config } = registry.provider
  const demand = {
    customEndpoints: provider.customEndpoints(config),
    upstreamRoles: provider.upstreamRoles(config),
  }
  checkPolicy(registry, demand, home, options.world.policy)
  const common = { provider: provider.type, targetKey: provider.targetKey(config) }
  if (registry.credentials.kind === 'serverIdentity') {
    const credentials = serverIdentity(registry, home)
    const material = { ...credentials.sessionTags, externalId: credentials.externalId ?? '' }
    const key = identityKey(options.macKey, { ...common, credentials: credentials.kind, material })
    return { credentials, identityKey: key, version: undefined, endsAt: undefined }
  }
  const namespace = registry.ref.namespace === '' ? options.serverNamespace : registry.ref.namespace
  const { name, keys, expiresAt } = registry.credentials
  const source = `Secret ${namespace}/${name}`
  const refusal = readRefusal(options.access, options.serverNamespace, { namespace, name })
  if (refusal !== undefined) throw new RegistryError('ClusterForbidden', refusal)
  const secret = await readSecret(options.client, namespace, name)
  const values = pickValues(secret, provider, keys, source)
  const key = identityKey(options.macKey, { ...common, credentials: 'secret', material: values })
  // Registries of several namespaces may share one call, and its failure must not tell one tenant of another's Secret.
  const credentials: Credentials = {
    kind: 'material',
    values,
    source: 'the Secret of spec.credentials.secret',
  }
  return { credentials, identityKey: key, version: secret.metadata.resourceVersion, endsAt: expiresAt }
}

async function readSecret(client: KubeClient, namespace: string, name: string): Promise<Secret> {
  try {
    return await client.request<Secret>({ method: 'GET', path: secretPath(namespace, name) })
  } catch (error) {
    if (isNotFound(error)) {
      throw new RegistryError(
        'ReferenceMissing',
        `spec.credentials.secret: Secret ${namespace}/${name} does not exist; create it, or correct the name`,
      )
    }
    if (!isForbidden(error)) throw error
    throw new RegistryError(
      'ClusterForbidden',
      `spec.credentials.secret: this server may not read Secret ${namespace}/${name}; check the chart's RBAC`,
      { cause: error },
    )
  }
}

function pickValues(
  secret: Secret,
  provider: TokenProvider,
  keys: Readonly<Record<string, string>>,
  source: string,
): Record<string, string> {
  const values: Record<string, string> = {}
  for (const { name, optional } of provider.materialKeys) {
    const key = keys[name] ?? name
    // A newline at the end comes from `echo`, and no provider's key ends in white space.
    const value = Buffer.from(secret.data?.[key] ?? '', 'base64')
      .toString('utf8')
      .trim()
    if (value !== '') values[name] = value
    else if (!optional || keys[name] !== undefined) {
      throw new RegistryError(
        'ReferenceMissing',
        `spec.credentials.secret: ${source} has no value under the key ${key}; add it, or name another key in spec.credentials.secret.keys.${name}`,
      )
    }
  }
  return values
}

/** Made here and never from the spec, so that a tenant cannot use the server's identity in somebody else's name. */
function serverIdentity(
  registry: Registry,
  home: NamespaceInfo | undefined,
): Extract<Credentials, { kind: 'serverIdentity' }> {
  const registryTag = { 'tokenregistries.io/registry': registry.owner.slice(0, 256) }
  if (registry.ref.namespace === '') return { kind: 'serverIdentity', sessionTags: registryTag }
  if (home === undefined)
    throw new RegistryError('Unavailable', `namespace ${registry.ref.namespace} is not known yet`)
  const [cluster = '', project = ''] = (home.project ?? '').split(':')
  const sessionTags = {
    'tokenregistries.io/namespace': home.name,
    ...(home.project === undefined ? {} : { 'tokenregistries.io/project': home.project }),
  }
  return {
    kind: 'serverIdentity',
    sessionTags,
    externalId: `${cluster || 'none'}/${project || 'none'}/${home.uid}`,
  }
}
