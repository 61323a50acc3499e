// What the tests of server/kube share: a control plane, a ServiceAccount with few rights, and waiting for conditions.
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createKubeClient, type KubeClient, type KubeClientOptions } from '../../server/kube/client.ts'
import { loadKubeConfig } from '../../server/kube/config.ts'
import type { KubeLogger } from '../../server/kube/logger.ts'
import { TcpProxy } from '../fakes/tcp-proxy.ts'
import type { ControlPlane } from '../testbed/control-plane.ts'

/** The namespace in which the tests write, and of their ServiceAccounts. */
export const namespace = 'kube-tests'

const rules = [
  { apiGroups: [''], resources: ['secrets', 'configmaps'], verbs: ['*'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['*'] },
]

/** Makes the namespace and a ServiceAccount that may work on Secrets, ConfigMaps and Leases in it. Returns its token. */
export async function prepareAccount(plane: ControlPlane, account: string): Promise<string> {
  const { admin } = plane
  await admin.request('POST', '/api/v1/namespaces', { metadata: { name: namespace } })
  await admin.create(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name: account } })
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`
  await admin.create(`${rbac}/roles`, { metadata: { name: account }, rules })
  await grant(plane, account)
  return plane.serviceAccountToken(namespace, account)
}

/** Gives an account the role of its own name. */
export async function grant(plane: ControlPlane, account: string): Promise<void> {
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`
  await plane.admin.create(`${rbac}/rolebindings`, {
    metadata: { name: account },
    subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: account },
  })
}

/** Takes it away again. */
export async function revoke(plane: ControlPlane, account: string): Promise<void> {
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`
  await plane.admin.delete(`${rbac}/rolebindings/${account}`)
}

export interface KubeconfigParts {
  server: string
  caFile: string
  user: Record<string, unknown>
  cluster?: Record<string, unknown>
}

/** Writes a kubeconfig with the context `test` into a folder of its own and returns its path. */
export async function writeKubeconfig(plane: ControlPlane, parts: KubeconfigParts): Promise<string> {
  const parent = join(plane.folder, 'kube-tests')
  await mkdir(parent, { recursive: true })
  const file = join(await mkdtemp(join(parent, 'config-')), 'kubeconfig')
  const cluster = { server: parts.server, 'certificate-authority': parts.caFile, ...parts.cluster }
  const config = {
    clusters: [{ name: 'plane', cluster }],
    users: [{ name: 'account', user: parts.user }],
    contexts: [{ name: 'test', context: { cluster: 'plane', user: 'account' } }],
  }
  await writeFile(file, JSON.stringify(config), { mode: 0o600 })
  return file
}

/** A client with a token, through its own proxy. Close both. */
export async function clientThroughProxy(
  plane: ControlPlane,
  token: string,
  options: KubeClientOptions = {},
): Promise<{ client: KubeClient; proxy: TcpProxy }> {
  const proxy = await new TcpProxy(Number(new URL(plane.url).port)).start()
  const server = `https://127.0.0.1:${proxy.port}`
  const file = await writeKubeconfig(plane, { server, caFile: plane.caFile, user: { token } })
  return { client: createKubeClient(loadKubeConfig({ kubeconfig: file, context: 'test' }), options), proxy }
}

/**
 * Waits until the condition holds (is neither false nor undefined) and returns its value.
 * @param state what to report when it never does
 */
export async function until<T>(
  what: string,
  condition: () => T | false | undefined | Promise<T | false | undefined>,
  state: () => unknown = () => undefined,
  timeoutMs = 60_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const value = await condition()
    if (value !== false && value !== undefined) return value
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeoutMs} ms until ${what}; last seen: ${JSON.stringify(state(), null, 1)}`)
    }
    await delay(20)
  }
}

/** Keeps what was logged, for conditions and for the report of a failure. */
export class MemoryLogger implements KubeLogger {
  readonly lines: string[] = []
  readonly #keep = (fields: object, message: string) => {
    this.lines.push(`${message} ${JSON.stringify(fields)}`)
  }
  readonly debug = this.#keep
  readonly info = this.#keep
  readonly warn = this.#keep

  has(part: string): boolean {
    return this.lines.some((line) => line.includes(part))
  }
}
