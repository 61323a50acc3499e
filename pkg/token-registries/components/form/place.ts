// Where a registry is made, and what the user may do there.
import type { InjectionKey, Ref } from 'vue'
import { MANAGEMENT, NAMESPACE } from '@shell/config/types'
import { PROJECT_ANNOTATION } from '../../config/types'
import {
  mayCreate,
  mayCreateSecrets,
  mayGetSecrets,
  mayI,
  mayPatchServiceAccounts,
  mayUseProject,
} from '../../utils/access'
import { CHART, type Backend } from '../../utils/backend'
import { currentCluster, type PageStore } from '../../utils/raw'

/** Kept up to date by RegistryForm while another namespace is chosen. */
export interface FormPlace {
  /** Where the Secret of the credentials is: the registry's namespace, of a cluster registry the server's own. */
  readonly namespace: string
  /** `<cluster>:<project>`: the annotation of the namespace; undefined outside of projects. */
  readonly project?: string
  /** What Rancher calls the project, where the user may know. */
  readonly projectName?: string
  readonly mayCreate: boolean
  readonly mayUseProject: boolean
  /** Make a Secret, and read it: a registry may only use what its author can read. */
  readonly mayCreateSecret: boolean
  readonly mayReadSecrets: boolean
  readonly mayRenewSecrets: boolean
  /** Change the ServiceAccount `default`, and all of them. */
  readonly mayAttachDefault: boolean
  readonly mayAttachAll: boolean
  /** The administrator's policy lists this namespace or its project. */
  readonly mayUseServerIdentity: boolean
}

export const formPlace: InjectionKey<Ref<FormPlace>> = Symbol('place of the registry')

/** Before anything is known nothing is offered. */
export const nowhere: FormPlace = {
  namespace: '',
  mayCreate: false,
  mayUseProject: false,
  mayCreateSecret: false,
  mayReadSecrets: false,
  mayRenewSecrets: false,
  mayAttachDefault: false,
  mayAttachAll: false,
  mayUseServerIdentity: false,
}

/** What is asked about: the kind's plural, and the namespace of a namespaced one. */
export interface Where {
  readonly plural: string
  readonly namespace?: string
  /** The namespace is made together with the registry. */
  readonly isNew?: boolean
}

/** Asks the cluster about everything that the form offers. Never rejects. */
export async function loadPlace(
  store: PageStore,
  { plural, namespace, isNew = false }: Where,
  backend: Backend,
): Promise<FormPlace> {
  if (namespace !== undefined && isNew) return newNamespace(namespace)
  const home = namespace ?? backend.namespace ?? CHART.namespace
  const project = namespace === undefined ? undefined : projectOf(store, namespace)
  const [create, useProject, createSecret, readSecrets, renewSecrets, attachDefault, attachAll] =
    await Promise.all([
      orYes(mayCreate(store, { resource: plural, ...(namespace !== undefined && { namespace }) })),
      project === undefined ? false : orYes(mayUseProject(store, project)),
      orYes(mayCreateSecrets(store, home)),
      orYes(mayGetSecrets(store, home)),
      orYes(mayI(store, { verb: 'patch', resource: 'secrets', namespace: home })),
      orYes(mayPatchServiceAccounts(store, namespace, namespace === undefined ? undefined : 'default')),
      orYes(mayPatchServiceAccounts(store, namespace)),
    ])
  return {
    namespace: home,
    ...(project !== undefined && { project }),
    ...projectName(store, project),
    mayCreate: create,
    mayUseProject: useProject,
    mayCreateSecret: createSecret && readSecrets,
    mayReadSecrets: readSecrets,
    mayRenewSecrets: renewSecrets,
    mayAttachDefault: attachDefault || attachAll,
    mayAttachAll: attachAll,
    mayUseServerIdentity: serverIdentity(backend, namespace, project),
  }
}

/**
 * Of a namespace that is not there yet the cluster says no to nearly everybody: rights come with it. It is not asked
 * while the name is typed, and the API server judges when it is saved.
 */
function newNamespace(namespace: string): FormPlace {
  return {
    ...nowhere,
    namespace,
    mayCreate: true,
    mayCreateSecret: true,
    mayAttachDefault: true,
    mayAttachAll: true,
  }
}

/** A question that could not be asked takes nothing away: the API server judges in any case. */
async function orYes(answer: Promise<boolean>): Promise<boolean> {
  try {
    return await answer
  } catch {
    return true
  }
}

interface StoredNamespace {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> }
}

/** By the annotation, which Rancher guards; the label of the same name can be forged. */
function projectOf(store: PageStore, namespace: string): string | undefined {
  const byId = store.getters['cluster/byId'] as (type: string, id: string) => StoredNamespace | undefined
  return byId(NAMESPACE, namespace)?.metadata?.annotations?.[PROJECT_ANNOTATION]
}

/** Projects are objects of the management cluster; ordinary members see only their own there. */
function projectName(store: PageStore, project: string | undefined): { projectName?: string } {
  const byId = store.getters['management/byId'] as (
    type: string,
    id: string,
  ) => { nameDisplay?: string } | undefined
  const found = project && byId(MANAGEMENT.PROJECT, `${currentCluster(store)}/${project.split(':')[1]}`)
  return found && found.nameDisplay ? { projectName: found.nameDisplay } : {}
}

/** The server does not tell what it grants to cluster registries: there the admission policy says so when saving. */
function serverIdentity({ policy }: Backend, namespace?: string, project?: string): boolean {
  if (namespace === undefined || policy === undefined) return true
  const { serverIdentityNamespaces = [], serverIdentityProjects = [] } = policy
  return (
    serverIdentityNamespaces.includes(namespace) ||
    (project !== undefined && serverIdentityProjects.includes(project))
  )
}
