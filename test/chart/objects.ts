// Objects that the chart's tests send: valid ones, with one thing changed.
import type { KubeObject } from '../testbed/kube-client.ts'

export const group = 'tokenregistries.io'
const api = `/apis/${group}/v1alpha1`

/** Path of the TokenRegistries of a namespace, or of one of them. */
export function registryPath(namespace: string, name?: string): string {
  return `${api}/namespaces/${namespace}/tokenregistries${name === undefined ? '' : `/${name}`}`
}

/** Path of the ClusterTokenRegistries, or of one of them. */
export function clusterRegistryPath(name?: string): string {
  return `${api}/clustertokenregistries${name === undefined ? '' : `/${name}`}`
}

/** Path of a core object in a namespace. */
export function corePath(namespace: string, resource: string, name?: string): string {
  return `/api/v1/namespaces/${namespace}/${resource}${name === undefined ? '' : `/${name}`}`
}

const provider = { ecr: { region: 'eu-west-1', accounts: ['123456789012'] } }

/** A TokenRegistry for ECR with keys from Secret `keys`; top-level fields of `spec` are replaced. */
export function tokenRegistry(name: string, spec: Record<string, unknown> = {}): KubeObject {
  return {
    apiVersion: `${group}/v1alpha1`,
    kind: 'TokenRegistry',
    metadata: { name },
    spec: { provider, credentials: { secret: { name: 'keys' } }, ...spec },
  }
}

/** A ClusterTokenRegistry for the namespace `shop`, with keys from Secret `keys`. */
export function clusterTokenRegistry(name: string, spec: Record<string, unknown> = {}): KubeObject {
  const namespaces = { names: ['shop'], trustLabelsAndNames: true }
  return { ...tokenRegistry(name, { namespaces, ...spec }), kind: 'ClusterTokenRegistry' }
}

/** The block spec.provider of the registries above, with more fields for ECR. */
export function ecr(more: Record<string, unknown>): Record<string, unknown> {
  return { provider: { ecr: { ...provider.ecr, ...more } } }
}

/** A pull Secret; `ours` gives it the label that the server's own Secrets carry. */
export function pullSecret(name: string, { ours = false, annotations = {} } = {}): KubeObject {
  const labels: Record<string, string> = ours ? { 'app.kubernetes.io/managed-by': 'token-registries' } : {}
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, labels, annotations },
    type: 'kubernetes.io/dockerconfigjson',
    stringData: { '.dockerconfigjson': '{"auths":{}}' },
  }
}

/** A Secret of any other type (default Opaque). */
export function opaqueSecret(name: string, type = 'Opaque'): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, type, stringData: { key: 'value' } }
}
