// The CRDs on a real API server, and what it says about an object.
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { group, kinds, version } from '../../server/api/v1alpha1/index.ts'
import type { ControlPlane } from '../testbed/control-plane.ts'
import type { KubeClient } from '../testbed/kube-client.ts'
import type { SpecObject } from './builders.ts'

const crdPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

/** As much of a CRD as tests change. */
export interface Crd {
  metadata: { name: string; annotations?: Record<string, string> }
  spec: {
    group: string
    names: { kind: string; plural: string; [field: string]: unknown }
    versions: { schema: { openAPIV3Schema: CrdSchema }; additionalPrinterColumns: unknown[] }[]
    [field: string]: unknown
  }
}

export interface CrdSchema {
  type?: string
  description?: string
  properties?: Record<string, CrdSchema>
  items?: CrdSchema
  additionalProperties?: CrdSchema | boolean
  'x-kubernetes-validations'?: { rule: string; message: string }[]
  [field: string]: unknown
}

/** The generated CRDs, read as plain YAML. */
export function generatedCrds(): Crd[] {
  const folder = new URL('../../charts/token-registries/templates/crds/', import.meta.url)
  return kinds.map(({ plural }) => parse(readFileSync(new URL(`${plural}.yaml`, folder), 'utf8')) as Crd)
}

/** Creates CRDs all at once and waits until each is served. */
export async function serve(plane: ControlPlane, crds: readonly Crd[]): Promise<void> {
  await Promise.all(crds.map((crd) => plane.admin.create(crdPath, crd)))
  await Promise.all(
    crds.map(async ({ metadata, spec }) => {
      await plane.admin.waitFor<{ status?: { conditions?: { type: string; status: string }[] } }>(
        `${crdPath}/${metadata.name}`,
        ({ status }) =>
          status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True') ??
          false,
      )
      await plane.admin.waitFor(`/apis/${spec.group}/${version}/${spec.names.plural}`, () => true)
    }),
  )
}

/** What the API server said: undefined when it took the object. */
export type Refusal = string | undefined

/** Tries to create an object as kubectl does, without storing it. */
export async function tryCreate(client: KubeClient, object: SpecObject, inGroup = group): Promise<Refusal> {
  const body = { ...object, apiVersion: `${inGroup}/${version}` }
  const path = `${collectionPath(object, inGroup)}?fieldValidation=Strict&dryRun=All`
  const { status, body: answer } = await client.request<{ message?: string }>('POST', path, body)
  if (status === 201) return undefined
  if (status !== 422 && status !== 400) throw new Error(`${path}: unexpected ${status} ${answer.message}`)
  return answer.message ?? ''
}

export function collectionPath(object: SpecObject, inGroup = group): string {
  const plural = kinds.find(({ kind }) => kind === object.kind)?.plural
  const { namespace } = object.metadata
  return `/apis/${inGroup}/${version}/${namespace ? `namespaces/${namespace}/` : ''}${plural}`
}

/** Makes a namespace and lets a user without other rights work with all kinds. */
export async function prepare(plane: ControlPlane, user: string, namespace: string): Promise<KubeClient> {
  const name = 'token-registries-rows'
  const rbac = '/apis/rbac.authorization.k8s.io/v1'
  await plane.admin.create('/api/v1/namespaces', { metadata: { name: namespace } })
  await plane.admin.create(`${rbac}/clusterroles`, {
    metadata: { name },
    rules: [{ apiGroups: [group], resources: kinds.map(({ plural }) => plural), verbs: ['*'] }],
  })
  await plane.admin.create(`${rbac}/clusterrolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: plane.user(user).id }],
  })
  return plane.client(user)
}
