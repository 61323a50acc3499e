import type { Attach } from './registry.ts'

/** `<namespace>/<name>`. */
export type ObjectKey = string

/** Which Secrets and ServiceAccounts the chart lets this server touch: its value rbac.secretAccess. */
export type SecretAccess =
  | { readonly mode: 'cluster' }
  | { readonly mode: 'namespaces'; readonly namespaces: ReadonlySet<string> }
  | {
      readonly mode: 'named'
      /** Pull Secrets that may be filled and emptied, never made or removed. */
      readonly pullSecrets: ReadonlySet<ObjectKey>
      /** Secrets with credentials that may be read. */
      readonly credentials: ReadonlySet<ObjectKey>
      /** ServiceAccounts whose imagePullSecrets may be changed. */
      readonly serviceAccounts: ReadonlySet<ObjectKey>
    }

/** A part of the cluster that may be looked at: all of it, a namespace, or one object. */
export interface Scope {
  readonly namespace?: string
  readonly name?: string
}

/** Whether an object lies in a scope. */
export function isInScope(object: Required<Scope>, { namespace, name }: Scope): boolean {
  return (namespace ?? object.namespace) === object.namespace && (name ?? object.name) === object.name
}

/** Whether Secrets may be made and removed, and not only filled and emptied. */
export function mayCreateSecrets(access: SecretAccess): boolean {
  return access.mode !== 'named'
}

/** Pure: where pull Secrets may lie. */
export function pullSecretScopes(access: SecretAccess): Scope[] {
  if (access.mode === 'cluster') return [{}]
  if (access.mode === 'namespaces') return [...access.namespaces].map((namespace) => ({ namespace }))
  return [...access.pullSecrets].map(objectScope)
}

/** Pure: where Secrets with credentials may lie. Cluster registries name those of the server's own namespace. */
export function credentialScopes(access: SecretAccess, serverNamespace: string): Scope[] {
  if (access.mode === 'cluster') return [{}]
  if (access.mode === 'named') return [...access.credentials].map(objectScope)
  return [...new Set([...access.namespaces, serverNamespace])].map((namespace) => ({ namespace }))
}

/** Pure: where ServiceAccounts may be changed. */
export function serviceAccountScopes(access: SecretAccess): Scope[] {
  return access.mode === 'named' ? [...access.serviceAccounts].map(objectScope) : pullSecretScopes(access)
}

/** Pure: why this pull Secret is out of reach, with the remedy; undefined when it is not. */
export function writeRefusal(access: SecretAccess, namespace: string, name: string): string | undefined {
  if (access.mode === 'cluster') return undefined
  if (access.mode === 'namespaces') {
    if (access.namespaces.has(namespace)) return undefined
    return `Secret ${namespace}/${name}: ${notListed(namespace)}, or take the namespace out of what this registry serves`
  }
  if (access.pullSecrets.has(`${namespace}/${name}`)) return undefined
  return `Secret ${namespace}/${name}: ${notNamed('pullSecrets', namespace, name)}, or set spec.secret.name to one that is listed`
}

/** Pure: why credentials cannot be read from this Secret, with the remedy; undefined when they can. */
export function readRefusal(
  access: SecretAccess,
  serverNamespace: string,
  { namespace, name }: { namespace: string; name: string },
): string | undefined {
  const field = `spec.credentials.secret.name: Secret ${namespace}/${name}:`
  switch (access.mode) {
    case 'cluster':
      return undefined
    case 'namespaces':
      if (namespace === serverNamespace || access.namespaces.has(namespace)) return undefined
      return `${field} ${notListed(namespace)}`
    case 'named':
      if (access.credentials.has(`${namespace}/${name}`)) return undefined
      return `${field} ${notNamed('credentials', namespace, name)}, or name one that is listed`
  }
}

/**
 * Pure: why ServiceAccounts of a namespace stay without the pull Secret, with the remedy. With `All` those that are
 * granted are meant; it is refused only where there is none.
 */
export function attachRefusal(access: SecretAccess, namespace: string, attach: Attach): string | undefined {
  if (access.mode !== 'named' || attach.mode === 'None') return undefined
  const granted = [...access.serviceAccounts].filter((key) => key.startsWith(`${namespace}/`))
  const wanted = attach.mode === 'Named' ? attach.names : attach.mode === 'Default' ? ['default'] : []
  const missing = wanted.filter((name) => !granted.includes(`${namespace}/${name}`))
  if (missing.length === 0 && (wanted.length > 0 || granted.length > 0)) return undefined
  const names = missing.length === 0 ? 'ServiceAccounts' : `ServiceAccount ${missing.join(', ')}`
  return `spec.serviceAccounts.attach: ${names} of namespace ${namespace} cannot be changed: rbac.secretAccess is named and rbac.named lists none of them under serviceAccounts; ask an administrator to add them, or set attach to None`
}

function notListed(namespace: string): string {
  return `this server has no rights in namespace ${namespace}, since rbac.secretAccess is namespaces and rbac.namespaces does not list it; ask an administrator to add it there`
}

function notNamed(list: string, namespace: string, name: string): string {
  return `this server has no rights on it, since rbac.secretAccess is named and rbac.named does not list ${name} under ${list} of namespace ${namespace}; ask an administrator to add it there`
}

/** The scope of one object. */
export function objectScope(key: ObjectKey): Required<Scope> {
  const [namespace = '', name = ''] = key.split('/')
  return { namespace, name }
}
