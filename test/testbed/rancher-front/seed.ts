// The objects that a fresh Rancher has in its management cluster.
import type { ControlPlane } from '../control-plane.ts'
import { managementCrds, pluginNamespace } from './management-crds.ts'
import type { Account } from './options.ts'
import { adminRoles, clusterMemberRoles, loggedOutRoles, userRoles, type ClusterObjects } from './roles.ts'

const management = 'management.cattle.io/v3'

/** A cluster without the parts that run. */
export interface SeedCluster {
  id: string
  displayName: string
  plane: ControlPlane
}

/** What the seed is about. */
export interface Seed {
  clusters: SeedCluster[]
  accounts: Iterable<Account>
  version: string
  /** Address of the front. */
  url: string
}

/** Applies objects as administrator. Later ones may need earlier ones. */
export async function applyObjects(plane: ControlPlane, items: object[]): Promise<void> {
  await plane.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
}

/** Installs kinds and objects; Steve is to be started afterwards, so that it knows the kinds at once. */
export async function seed({ clusters, accounts, version, url }: Seed): Promise<void> {
  const [{ plane } = missing(), ...downstream] = clusters
  const people = [...accounts]
  const ids = (role: Account['globalRole']): string[] =>
    people.filter(({ globalRole }) => globalRole === role).map(({ id }) => id)
  await applyObjects(plane, managementCrds())
  await plane.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s'])
  await applyObjects(plane, [
    ...namespaces(clusters),
    ...settings(version, url),
    ...features(),
    ...clusters.flatMap((cluster) => clusterObjects(cluster)),
    ...people.map(userObject),
    ...loggedOutRoles(),
    ...userRoles(ids('user')),
    ...adminRoles(ids('admin')),
    ...clusters.flatMap((cluster) => clusterMemberRoles(placeOf(cluster), [])),
  ])
  for (const cluster of downstream) await applyObjects(cluster.plane, adminRoles(ids('admin')))
}

function missing(): never {
  throw new Error('a Rancher needs at least the cluster "local"')
}

/** Namespace and name of a cluster's objects. */
export function placeOf({ id, displayName }: { id: string; displayName: string }): ClusterObjects {
  return id === 'local'
    ? { id, workspace: 'fleet-local', name: 'local' }
    : { id, workspace: 'fleet-default', name: displayName }
}

/** Each cluster has a namespace of its id, for its Project objects. */
function namespaces(clusters: SeedCluster[]): object[] {
  const names = [
    'cattle-system',
    pluginNamespace,
    'fleet-local',
    'fleet-default',
    ...clusters.map(({ id }) => id),
  ]
  return names.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }))
}

/** Rancher's Steve fills an empty value from the default; here both are written. */
function settings(version: string, url: string): object[] {
  const values = {
    'auth-user-session-ttl-minutes': '960',
    cacerts: '',
    'eula-agreed': '2026-01-01T00:00:00.000Z',
    // Otherwise the Dashboard shows its set-up page in place of the login form.
    'first-login': 'false',
    'server-url': url,
    'server-version': version,
    'system-default-registry': '',
    'ui-banner-footer': '',
    'ui-banner-header': '',
    'ui-banner-login-consent': '',
    'ui-banners': '{}',
    'ui-brand': '',
    'ui-community-links': 'true',
    'ui-custom-links': '',
    'ui-dashboard-index': '',
    'ui-favicon': '',
    'ui-issues': '',
    'ui-link-color': '',
    'ui-login-background-dark': '',
    'ui-login-background-light': '',
    'ui-offline-preferred': 'dynamic',
    'ui-performance': '',
    'ui-pl': 'rancher',
    'ui-primary-color': '',
  }
  return Object.entries(values).map(([name, value]) => {
    return { apiVersion: management, kind: 'Setting', metadata: { name }, default: value, value }
  })
}

function features(): object[] {
  const values = {
    'continuous-delivery': true,
    legacy: false,
    'multi-cluster-management': true,
    rke2: true,
    'ui-sql-cache': true,
    uiextension: true,
  }
  return Object.entries(values).map(([name, value]) => ({
    apiVersion: management,
    kind: 'Feature',
    metadata: { name },
    spec: { value },
    status: { default: value, dynamic: false, lockedValue: null, description: '' },
  }))
}

/** The testbed's Kubernetes, as a K3s would name it. */
const gitVersion = 'v1.36.3+k3s1'

/** The cluster as management, provisioning and Fleet know it. Steve computes their relation from the annotations. */
function clusterObjects(cluster: SeedCluster): object[] {
  const { id, displayName } = cluster
  const { workspace, name } = placeOf(cluster)
  const isLocal = id === 'local'
  const driver = isLocal ? 'local' : 'imported'
  const condition = (type: string): object => ({
    type,
    status: 'True',
    lastUpdateTime: '2026-01-01T00:00:00Z',
  })
  const annotations = {
    'objectset.rio.cattle.io/owner-gvk': 'provisioning.cattle.io/v1, Kind=Cluster',
    'objectset.rio.cattle.io/owner-name': name,
    'objectset.rio.cattle.io/owner-namespace': workspace,
  }
  const labels = { 'provider.cattle.io': 'k3s' }
  return [
    {
      apiVersion: management,
      kind: 'Cluster',
      metadata: { name: id, annotations, labels },
      spec: { displayName, internal: isLocal, fleetWorkspaceName: workspace },
      status: {
        provider: 'k3s',
        driver,
        version: { gitVersion, major: '1', minor: '36', platform: 'linux/amd64' },
        info: { kubernetesVersion: gitVersion, machineProvider: driver, arch: 'amd64', nodeCount: 0 },
        conditions: ['Ready', 'Connected', 'Provisioned', 'Updated'].map(condition),
      },
    },
    {
      apiVersion: 'provisioning.cattle.io/v1',
      kind: 'Cluster',
      metadata: { name, namespace: workspace },
      spec: {},
      status: { clusterName: id, ready: true, conditions: ['Ready', 'Connected'].map(condition) },
    },
    {
      apiVersion: 'fleet.cattle.io/v1alpha1',
      kind: 'Cluster',
      metadata: { name, namespace: workspace, labels: { 'management.cattle.io/cluster-name': id } },
      spec: {},
      status: { conditions: [condition('Ready')] },
    },
  ]
}

function userObject({ id, name, displayName }: Account): object {
  const principalIds = [`local://${id}`]
  return {
    apiVersion: management,
    kind: 'User',
    metadata: { name: id },
    displayName,
    username: name,
    enabled: true,
    principalIds,
    mustChangePassword: false,
  }
}
