import { isOurs } from '../core/decide-target.ts'
import { labels, managedByValue } from '../core/names.ts'
import {
  credentialScopes,
  pullSecretScopes,
  serviceAccountScopes,
  type Scope,
  type SecretAccess,
} from '../core/secret-access.ts'
import type { KubeClient } from '../kube/client.ts'
import { ObjectReflector, type ObjectReflectorOptions } from '../kube/object-reflector.ts'
import { secretPath, serviceAccountPath } from '../kube/paths.ts'
import { Reflector, type ReflectorOptions } from '../kube/reflector.ts'
import type { KubeObject, PartialObjectMetadata, Secret, ServiceAccount } from '../kube/types.ts'
import type { World } from './world.ts'

/** Selects the Secrets that we wrote. */
export const ours = `${labels.managedBy}=${managedByValue}`

/** What every watch is made with. */
export interface WatchBasics {
  readonly client: KubeClient
  /** Objects per list request. */
  readonly pageSize: number
  /** A watch without any byte for so long is opened anew. */
  readonly silenceMs: number
  readonly logger: NonNullable<ReflectorOptions<KubeObject>['logger']>
  /** A watch became complete, or lost that. */
  readonly onState: () => void
}

/** A watch of a collection or of one object. */
export type AnyReflector = Pick<
  Reflector,
  'start' | 'stop' | 'synced' | 'forbidden' | 'staleForMs' | 'lastError' | 'waitForSync'
>

type Place = WatchBasics & { readonly world: World }

/** The watches of Secrets and ServiceAccounts by resource: one each, or one for each place that the rights reach. */
export function scopedWatches(
  options: Place & { readonly access: SecretAccess; readonly namespace: string },
): [resource: string, watches: AnyReflector[]][] {
  const { access, namespace } = options
  const inNamed = access.mode === 'named'
  return [
    [
      'secrets',
      pullSecretScopes(access).map((scope) =>
        inNamed ? onePullSecret(options, scope) : pullSecrets(options, scope),
      ),
    ],
    [
      'foreign-secrets',
      credentialScopes(access, namespace).map((scope) =>
        inNamed ? oneCredentialsSecret(options, scope) : foreignSecrets(options, scope),
      ),
    ],
    [
      'serviceaccounts',
      serviceAccountScopes(access).map((scope) =>
        inNamed ? oneServiceAccount(options, scope) : serviceAccounts(options, scope),
      ),
    ],
  ]
}

function pullSecrets(options: Place, scope: Scope): AnyReflector {
  const { world } = options
  return new Reflector<PartialObjectMetadata>({
    ...basicsOf(options),
    name: nameOf('secrets', scope),
    path: secretPath(scope.namespace),
    labelSelector: ours,
    metadataOnly: true,
    fullListOnly: true, // the one time that contents are read; each is hashed and dropped
    handler: {
      listed: (object) => world.secrets.observeListed(object as Secret),
      replaced: (uids) => world.secrets.retain(uids, scope),
      event: (type, object) =>
        type === 'DELETED' ? world.secrets.observeGone(object) : world.secrets.observeMetadata(object),
    },
  })
}

function foreignSecrets(options: Place, scope: Scope): AnyReflector {
  const { world } = options
  return new Reflector<PartialObjectMetadata>({
    ...basicsOf(options),
    name: nameOf('foreign-secrets', scope),
    path: secretPath(scope.namespace),
    labelSelector: `${labels.managedBy}!=${managedByValue}`,
    fieldSelector: 'type!=helm.sh/release.v1,type!=kubernetes.io/service-account-token',
    metadataOnly: true,
    startAtNow: true,
    handler: {
      event: (_type, object) => world.foreignSecretChanged(object),
      gap: () => world.foreignSecretsUnknown(),
    },
  })
}

function serviceAccounts(options: Place, scope: Scope): AnyReflector {
  const { world } = options
  return new Reflector<ServiceAccount>({
    ...basicsOf(options),
    name: nameOf('serviceaccounts', scope),
    path: serviceAccountPath(scope.namespace),
    handler: {
      listed: (object) => world.observeServiceAccount(object, 'list'),
      replaced: (uids) => world.retainServiceAccounts(uids, scope),
      event: (type, object) => observeServiceAccountEvent(world, type, object),
    },
  })
}

/** It may carry our label or not: who filled it with what is known of it, and who waits for it is told. */
function onePullSecret(options: Place, scope: Scope): AnyReflector {
  const { world } = options
  const isForeign = (object: PartialObjectMetadata): void => {
    world.secrets.retain(new Set(), scope)
    world.foreignSecretChanged(object)
  }
  return oneObject<PartialObjectMetadata>(options, scope, 'secrets', secretPath(scope.namespace), {
    found: (object) => {
      if (!isOurs(object.metadata)) return isForeign(object)
      world.secrets.retain(new Set([object.metadata.uid]), scope)
      world.secrets.observeListed(object as Secret)
    },
    missing: () => world.secrets.retain(new Set(), scope),
    event: (type, object) => {
      if (type !== 'DELETED' && isOurs(object.metadata)) return world.secrets.observeMetadata(object)
      world.secrets.observeGone(object)
      world.foreignSecretChanged(object)
    },
  })
}

function oneCredentialsSecret(options: Place, scope: Scope): AnyReflector {
  const { world } = options
  return oneObject<PartialObjectMetadata>(options, scope, 'foreign-secrets', secretPath(scope.namespace), {
    found: (object) => world.foreignSecretChanged(object),
    missing: () => undefined, // whoever needs it finds out when he reads it
    event: (_type, object) => world.foreignSecretChanged(object),
  })
}

function oneServiceAccount(options: Place, scope: Scope): AnyReflector {
  const { world } = options
  return oneObject<ServiceAccount>(
    { ...options, wholeObjects: true },
    scope,
    'serviceaccounts',
    serviceAccountPath(scope.namespace),
    {
      found: (object) => world.observeServiceAccount(object, 'list'),
      missing: () => world.retainServiceAccounts(new Set(), scope),
      event: (type, object) => observeServiceAccountEvent(world, type, object),
    },
  )
}

/** Without what is not theirs. */
export function basicsOf({ client, pageSize, silenceMs, logger, onState }: WatchBasics): WatchBasics {
  return { client, pageSize, silenceMs, logger, onState }
}

function observeServiceAccountEvent(world: World, type: string, object: ServiceAccount): void {
  const { namespace = '', name } = object.metadata
  if (type === 'DELETED') world.serviceAccountGone(namespace, name)
  else world.observeServiceAccount(object, 'event')
}

function oneObject<T extends KubeObject>(
  { client, logger, onState, silenceMs, wholeObjects = false }: Place & { wholeObjects?: boolean },
  scope: Scope,
  resource: string,
  path: string,
  handler: ObjectReflectorOptions<T>['handler'],
): AnyReflector {
  return new ObjectReflector<T>({
    client,
    logger,
    onState,
    silenceMs,
    path,
    objectName: scope.name ?? '',
    name: nameOf(resource, scope),
    metadataOnly: !wholeObjects,
    handler,
  })
}

/** For the log alone: readiness and metrics are open to people who must not learn of tenants. */
function nameOf(resource: string, { namespace, name }: Scope): string {
  return [resource, namespace, name].filter((part) => part !== undefined).join('/')
}
