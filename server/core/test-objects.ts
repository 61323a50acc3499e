// Objects for tests: whole and valid, so that a test states only what it is about.
import { ownerText, type Registry, type RegistryRef } from './registry.ts'
import type { Credential } from './render.ts'
import type { StatusWorld } from './status.ts'
import type { NamespaceInfo } from './targets.ts'

export const second = 1000
export const minute = 60 * second
export const hour = 60 * minute
export const day = 24 * hour

/** A Monday at noon, in whole seconds. */
export const noon = new Date('2026-03-02T12:00:00Z')

export function after(ms: number, start: Date = noon): Date {
  return new Date(start.getTime() + ms)
}

/** TokenRegistry shop/shop-ecr, or what `over` says. `owner` follows from `ref`. */
export function aRegistry(over: Partial<Registry> = {}): Registry {
  const ref: RegistryRef = over.ref ?? { kind: 'TokenRegistry', namespace: 'shop', name: 'shop-ecr' }
  return {
    ref,
    owner: ownerText(ref),
    uid: 'uid-of-shop-ecr',
    resourceVersion: '100',
    generation: 1,
    createdAt: '2026-03-01T12:00:00Z',
    refreshRequest: undefined,
    provider: { type: 'ecr', config: {} },
    credentials: { kind: 'secret', name: 'shop-ecr-credentials', keys: {}, expiresAt: undefined },
    target: { type: 'namespace' },
    secretName: ref.name,
    labels: {},
    annotations: {},
    attach: { mode: 'None' },
    intervalMs: undefined,
    suspend: false,
    retain: false,
    status: undefined,
    ...over,
  }
}

export const clusterRef: RegistryRef = { kind: 'ClusterTokenRegistry', namespace: '', name: 'base' }

export function aNamespace(over: Partial<NamespaceInfo> = {}): NamespaceInfo {
  return {
    name: 'shop',
    uid: 'uid-of-namespace-shop',
    labels: {},
    project: 'c-1:p-1',
    formerProject: undefined,
    terminating: false,
    ...over,
  }
}

/** Issued at noon, for twelve hours. */
export function aCredential(over: Partial<Credential> = {}): Credential {
  return { username: 'AWS', password: 'pass-of-today', issuedAt: noon, expiresAt: after(12 * hour), ...over }
}

/** Everything is well: three namespaces hold a credential of noon. */
export function aStatusWorld(over: Partial<StatusWorld> = {}): StatusWorld {
  return {
    registry: aRegistry(),
    hosts: ['a.example'],
    outdated: false,
    credential: aCredential(),
    nextRefreshAt: after(8 * hour),
    problem: undefined,
    attempts: 0,
    lastFailure: undefined,
    material: undefined,
    desired: 3,
    synced: 3,
    failures: [],
    progressing: false,
    handledRequest: undefined,
    newHistory: [],
    ...over,
  }
}
