// Installs the real chart on a testbed's control plane, as an administrator would with helm.
import { join } from 'node:path'
import type { ControlPlane } from '../testbed/control-plane.ts'
import { waitUntilEnforced } from './enforced.ts'
import { group } from './objects.ts'

/** The chart of this repository. */
export const chartFolder = join(import.meta.dirname, '../../charts/token-registries')

/** The release name that the chart's annotations fix. */
export const releaseName = 'token-registries'

/** The CustomResourceDefinitions that the chart brings. */
export const crdNames = ['tokenregistries', 'clustertokenregistries', 'tokenregistryservers'].map(
  (plural) => `${plural}.${group}`,
)

/** Where and how to install. */
export interface InstallOptions {
  /** Default `token-registries-system`, as in Rancher. */
  namespace?: string
  /** Folder or archive of another chart than that of this repository. */
  chart?: string
  /** What values.yaml would hold; the rest keeps its default. */
  values?: Record<string, unknown>
}

/** What a test needs to run the server under the chart's own ServiceAccount. */
export interface InstalledChart {
  namespace: string
  serviceAccount: string
  /** Makes a fresh token of that ServiceAccount for the API server, valid for an hour. */
  serverToken(): Promise<string>
}

/**
 * Installs the chart, or upgrades it with other values, and waits until the CRDs are served and every admission
 * policy is in force. There are no nodes, so its pods stay pending: run the server as a process with `serverToken`.
 * @throws CommandError with helm's message, or Error that names what did not come up
 */
export async function installChart(cp: ControlPlane, options: InstallOptions = {}): Promise<InstalledChart> {
  const { namespace = 'token-registries-system', values = {}, chart = chartFolder } = options
  const args = ['upgrade', releaseName, chart, '--install', '--create-namespace', '--reset-values']
  await cp.helm([...args, '--namespace', namespace, '--values', '-'], { stdin: JSON.stringify(values) })
  await Promise.all(crdNames.map((name) => waitUntilEstablished(cp, name)))
  const { name: serviceAccount = releaseName } = (values.serviceAccount ?? {}) as { name?: string }
  const serverToken = () => cp.serviceAccountToken(namespace, serviceAccount)
  await waitUntilEnforced(cp, await serverToken())
  return { namespace, serviceAccount, serverToken }
}

/** Removes the release; CRDs, registries and Secrets stay. @throws CommandError */
export async function uninstallChart(cp: ControlPlane, namespace = 'token-registries-system'): Promise<void> {
  await cp.helm(['uninstall', releaseName, '--namespace', namespace])
}

interface Crd {
  status?: { conditions?: { type: string; status: string }[] }
}

async function waitUntilEstablished(cp: ControlPlane, name: string): Promise<void> {
  await cp.admin.waitFor<Crd>(
    `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`,
    ({ status }) => status?.conditions?.some((c) => c.type === 'Established' && c.status === 'True') ?? false,
    { what: 'Established' },
  )
}
