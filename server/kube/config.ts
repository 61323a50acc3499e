import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'
import { parse } from 'yaml'

export { KubeConfig }

/** Either a file with one of its contexts, or `inCluster`. */
export interface KubeConfigOptions {
  /** A kubeconfig file. Needs `context`. */
  kubeconfig?: string
  /** The context to use; the file's own current-context is never followed. */
  context?: string
  /** Use the pod's ServiceAccount. */
  inCluster?: boolean
}

/**
 * Where the API server is and who we are. Nothing is guessed: neither KUBECONFIG nor ~/.kube/config nor a
 * current-context is read, since a controller that starts against the wrong cluster writes to it.
 * @throws Error whose message is a sentence for the operator
 */
export function loadKubeConfig(options: KubeConfigOptions): KubeConfig {
  if (options.inCluster && options.kubeconfig !== undefined) {
    throw new Error('Give either a kubeconfig file or the in-cluster ServiceAccount, not both.')
  }
  if (options.inCluster) return loadInCluster()
  if (options.kubeconfig === undefined) {
    throw new Error('Name the cluster: a kubeconfig file and a context, or run inside a pod.')
  }
  return loadFile(options.kubeconfig, options.context)
}

function loadInCluster(): KubeConfig {
  if (!process.env.KUBERNETES_SERVICE_HOST || !process.env.KUBERNETES_SERVICE_PORT) {
    throw new Error('This is not a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set.')
  }
  const config = new KubeConfig()
  config.loadFromCluster()
  const caFile = config.getCurrentCluster()?.caFile
  if (caFile !== undefined && !existsSync(caFile)) {
    throw new Error(`No ServiceAccount is mounted: ${caFile} is missing (automountServiceAccountToken?).`)
  }
  return config
}

function loadFile(file: string, context: string | undefined): KubeConfig {
  const config = new KubeConfig()
  let text: string
  try {
    text = readFileSync(file, 'utf8')
    config.loadFromString(text)
    config.makePathsAbsolute(dirname(resolve(file)))
  } catch (error) {
    throw new Error(`The kubeconfig file ${file} cannot be used: ${reasonOf(error)}.`)
  }
  const names = config.getContexts().map((known) => known.name)
  const known = names.length === 0 ? 'It has none.' : `It has: ${names.join(', ')}.`
  if (context === undefined || context === '') {
    throw new Error(`Name the context of ${file} to use. ${known}`)
  }
  if (!names.includes(context)) {
    throw new Error(`The kubeconfig file ${file} has no context "${context}". ${known}`)
  }
  config.setCurrentContext(context)
  if (config.getCurrentCluster() === null) {
    throw new Error(`The context "${context}" of ${file} names a cluster that the file does not have.`)
  }
  if (config.getCurrentUser() === null) {
    throw new Error(`The context "${context}" of ${file} names a user that the file does not have.`)
  }
  addWhatClientNodeDrops(config, text, file)
  return config
}

/** File system errors name the path and the cause; a parser's message could quote the file, which holds keys. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error'
  if ('code' in error && typeof error.code === 'string') return error.code
  return /^(clusters|users|contexts)\[\d+\][.\w]* is missing$/.test(error.message)
    ? error.message
    : 'it is not a valid kubeconfig'
}

interface RawUser {
  name?: string
  user?: { tokenFile?: string; 'as-groups'?: unknown; 'as-uid'?: unknown; 'as-user-extra'?: unknown }
}

/**
 * client-node 2.0.1 reads neither `tokenFile` nor the impersonation fields beside `as`. The first is given to its
 * FileAuth; the others are refused, since leaving them out would act as somebody else than the file says.
 */
function addWhatClientNodeDrops(config: KubeConfig, text: string, file: string): void {
  const user = config.getCurrentUser()
  const raw = (parse(text) as { users?: RawUser[] }).users?.find((entry) => entry.name === user?.name)?.user
  if (user === null || raw === undefined) return
  for (const field of ['as-groups', 'as-uid', 'as-user-extra'] as const) {
    if (raw[field] !== undefined)
      throw new Error(`The user "${user.name}" of ${file} has ${field}: not supported.`)
  }
  if (raw.tokenFile === undefined || raw.tokenFile === '') return
  const tokenFile = resolve(dirname(resolve(file)), raw.tokenFile)
  // As kubectl does: the file wins over a token beside it.
  const index = config.users.indexOf(user)
  const { token: _token, ...rest } = user
  config.users[index] = { ...rest, authProvider: { name: 'tokenFile', config: { tokenFile } } }
}
