import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { secretAccessVariables, toSecretAccess } from './config-secret-access.ts'
import { logLevels } from './telemetry/logger.ts'

/** Where the pod's own token lies; with KUBERNETES_SERVICE_HOST it says that this process runs in a cluster. */
export const serviceAccountTokenFile = '/var/run/secrets/kubernetes.io/serviceaccount/token'

/** Shown when the arguments cannot be read. */
export const usage = `usage: npm start -- --kubeconfig FILE --context NAME [--namespace NAME]
       npm start -- serve-plugin

  --kubeconfig  file with the cluster to work on; in a pod it is not needed
  --context     context of that file, always to be named, so that no run hits the wrong cluster
  --namespace   namespace of the server's own objects (default: token-registries-system)
  serve-plugin  serves the Dashboard extension's bundle to Rancher, without any cluster

Everything else is set by environment variables: see docs/configuration.md.`

/** Which cluster to work on: that of the pod, or one context of a named file. */
export type ClusterAccess =
  | { readonly kind: 'inCluster' }
  | { readonly kind: 'kubeconfig'; readonly file: string; readonly context: string }

/** One thing that is wrong; `value` is undefined when nothing was given. */
export interface ConfigProblem {
  /** The environment variable or flag. */
  readonly variable: string
  readonly value: string | undefined
  readonly remedy: string
}

/** Everything that is wrong with the configuration, at once. The process should print it and exit with `exitCode`. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly exitCode = 2
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ variable, value, remedy }) => {
      return `  ${variable}${value === undefined ? '' : ` is ${JSON.stringify(value)}`}: ${remedy}`
    })
    super(`the configuration cannot be used:\n${lines.join('\n')}`)
    this.problems = problems
  }
}

const whole = (fallback: number, min: number, max: number) => {
  const error = `must be a whole number from ${min} to ${max}; leave it out for ${fallback}`
  const schema = z
    .string()
    .regex(/^\d{1,9}$/, error)
    .transform(Number)
    .refine((number) => number >= min && number <= max, error)
  return schema.default(fallback)
}

const objectName = (fallback: string) =>
  z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, 'must be the name of a Kubernetes object')
    .default(fallback)

const namespaceName = z
  .string('must name the namespace that the server runs in (in a pod: a fieldRef to metadata.namespace)')
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be the name of a namespace')

/** Unset and `off` mean no port, 0 means any free one. */
const optionalPort = z
  .string()
  .regex(/^(off|\d{1,5})$/, 'must be a port, or `off`; leave it out for no metrics')
  .transform((text) => (text === 'off' ? null : Number(text)))
  .refine((port) => port === null || port <= 65_535, 'must be a port from 0 to 65535, or `off`')

/** 0 means any free one. */
export const httpPort = whole(8080, 0, 65_535)

/** A level of the log; default `info`. */
export const logLevel = z.enum(logLevels, `must be one of ${logLevels.join(', ')}`).default('info')

/** Environment variable → what it may hold. The order is that of docs/configuration.md, which a test compares. */
export const variables = z.object({
  POD_NAMESPACE: namespaceName,
  POD_NAME: objectName(hostname().toLowerCase()),
  LEASE_NAME: objectName('token-registries'),
  POLICY_CONFIGMAP: objectName('token-registries-policy'),
  STATE_SECRET: objectName('token-registries-state'),
  HTTP_HOST: z.string().optional(),
  HTTP_PORT: httpPort,
  METRICS_PORT: optionalPort.default(null),
  METRICS_AUTH: z
    .enum(['token', 'none', 'true', 'false'], 'must be `token` (or `true`) or `none` (or `false`)')
    .transform((text) => (text === 'token' || text === 'true' ? ('token' as const) : ('none' as const)))
    .default('token'),
  LOG_LEVEL: logLevel,
  WORKERS: whole(16, 1, 256),
  WRITE_BUDGET_PER_SECOND: whole(150, 1, 10_000),
  MIN_CALL_INTERVAL_SECONDS: whole(30, 0, 3600),
  BACKOFF_MIN_SECONDS: whole(15, 1, 3600),
  BACKOFF_MAX_SECONDS: whole(900, 1, 86_400),
  SWEEP_INTERVAL_SECONDS: whole(60, 1, 86_400),
  SWEEP_LIMIT: whole(20, 1, 10_000),
  SWEEP_PERCENT: whole(10, 1, 100),
  PROJECT_GRACE_SECONDS: whole(30, 0, 3600),
  LEASE_DURATION_SECONDS: whole(14, 2, 600),
  RENEW_DEADLINE_SECONDS: whole(10, 1, 600),
  RETRY_PERIOD_SECONDS: whole(2, 1, 600),
  UPSTREAM_TIMEOUT_SECONDS: whole(30, 1, 300),
  LIST_PAGE_SIZE: whole(300, 1, 10_000),
  WATCH_SILENCE_SECONDS: whole(120, 1, 3600),
  WATCH_STALE_SECONDS: whole(300, 2, 7200),
  ...secretAccessVariables,
  SYSTEM_PROJECT_ID: z
    .string()
    .regex(
      /^[a-z0-9-]+:[a-z0-9-]+$/,
      'must be <cluster>:<project>, as in the project annotation of kube-system',
    )
    .optional(),
})

/** The checked configuration. Times are in seconds; docs/configuration.md lists the defaults. */
export type Config = ReturnType<typeof toConfig>

function toConfig(env: z.output<typeof variables>, cluster: ClusterAccess) {
  return {
    cluster,
    /** Namespace of the Lease, the policy ConfigMap and the state Secret. */
    podNamespace: env.POD_NAMESPACE,
    /** Holder of the Lease. */
    podName: env.POD_NAME,
    leaseName: env.LEASE_NAME,
    policyConfigMap: env.POLICY_CONFIGMAP,
    stateSecret: env.STATE_SECRET,
    /** undefined = all addresses, IPv6 and IPv4. Outside of a cluster only this machine. */
    httpHost: env.HTTP_HOST ?? (cluster.kind === 'inCluster' ? undefined : '127.0.0.1'),
    /** 0 = any free port. */
    httpPort: env.HTTP_PORT,
    /** null = no metrics; 0 = any free port. */
    metricsPort: env.METRICS_PORT,
    metricsAuth: env.METRICS_AUTH,
    logLevel: env.LOG_LEVEL,
    /** Writes of Secrets under way at once. */
    workers: env.WORKERS,
    writeBudgetPerSecond: env.WRITE_BUDGET_PER_SECOND,
    /** Least time between two upstream calls of one identity. */
    minCallIntervalSeconds: env.MIN_CALL_INTERVAL_SECONDS,
    backoffMinSeconds: env.BACKOFF_MIN_SECONDS,
    backoffMaxSeconds: env.BACKOFF_MAX_SECONDS,
    sweepIntervalSeconds: env.SWEEP_INTERVAL_SECONDS,
    /** Most Secrets that one sweep removes; or `sweepPercent` of all, when that is more. */
    sweepLimit: env.SWEEP_LIMIT,
    sweepPercent: env.SWEEP_PERCENT,
    /** How long a namespace may lack its project annotation before it counts as moved. */
    projectGraceSeconds: env.PROJECT_GRACE_SECONDS,
    leaseDurationSeconds: env.LEASE_DURATION_SECONDS,
    renewDeadlineSeconds: env.RENEW_DEADLINE_SECONDS,
    retryPeriodSeconds: env.RETRY_PERIOD_SECONDS,
    /** For one whole try to get a credential. */
    upstreamTimeoutSeconds: env.UPSTREAM_TIMEOUT_SECONDS,
    /** Objects per request of a list, twice as many without contents: smaller pages need less memory, larger ones fewer requests. */
    listPageSize: env.LIST_PAGE_SIZE,
    /** A watch without any byte for so long is opened anew. */
    watchSilenceSeconds: env.WATCH_SILENCE_SECONDS,
    /** A watch that was silent for so long makes the replica unready. */
    watchStaleSeconds: env.WATCH_STALE_SECONDS,
    /** What the chart's value rbac.secretAccess grants. */
    secretAccess: toSecretAccess(env),
    /** Rancher's system project: its namespaces are targets only when named exactly. */
    systemProject: env.SYSTEM_PROJECT_ID,
  } as const
}

/** Pairs where the first must stay below the second (or may equal it). */
const orders = [
  ['BACKOFF_MIN_SECONDS', 'BACKOFF_MAX_SECONDS', 'at most'],
  ['RENEW_DEADLINE_SECONDS', 'LEASE_DURATION_SECONDS', 'less than'],
  ['RETRY_PERIOD_SECONDS', 'RENEW_DEADLINE_SECONDS', 'less than'],
  ['WATCH_SILENCE_SECONDS', 'WATCH_STALE_SECONDS', 'less than'],
] as const

/** What `loadConfig` reads, as values, so that tests need not change the process. */
export interface ConfigInput {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Arguments after the script's name. */
  readonly argv: readonly string[]
  /** For tests; default asks the file system. */
  readonly fileExists?: (path: string) => boolean
}

/**
 * Reads flags and environment; variables that are not ours are ignored, empty ones count as unset.
 *
 * @throws {ConfigError} with all problems.
 */
export function loadConfig({ env, argv, fileExists = existsSync }: ConfigInput): Config {
  const problems: ConfigProblem[] = []
  const flags = readFlags(argv, problems)
  const given = withoutEmpty(env)
  const cluster = chooseCluster(flags, given, fileExists, problems)
  if (flags.namespace !== undefined) given['POD_NAMESPACE'] = flags.namespace
  else if (cluster?.kind === 'kubeconfig') given['POD_NAMESPACE'] ??= 'token-registries-system'

  const parsed = variables.safeParse(given)
  for (const issue of parsed.error?.issues ?? []) {
    const variable = String(issue.path[0])
    if (variable === 'POD_NAMESPACE' && cluster === undefined && given[variable] === undefined) continue
    problems.push({ variable, value: given[variable], remedy: issue.message })
  }
  if (parsed.success) {
    for (const [low, high, relation] of orders) {
      const fine =
        relation === 'at most' ? parsed.data[low] <= parsed.data[high] : parsed.data[low] < parsed.data[high]
      const remedy = `must be ${relation} ${high} (${parsed.data[high]})`
      if (!fine) problems.push({ variable: low, value: String(parsed.data[low]), remedy })
    }
  }
  if (problems.length > 0 || !parsed.success || cluster === undefined) throw new ConfigError(problems)
  return toConfig(parsed.data, cluster)
}

/** An empty variable counts as unset. */
export function withoutEmpty(env: ConfigInput['env']): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
}

interface Flags {
  readonly kubeconfig?: string | undefined
  readonly context?: string | undefined
  readonly namespace?: string | undefined
}

function readFlags(argv: readonly string[], problems: ConfigProblem[]): Flags {
  const text = { type: 'string' } as const
  try {
    return parseArgs({ args: [...argv], options: { kubeconfig: text, context: text, namespace: text } })
      .values
  } catch (thrown) {
    const remedy = `${thrown instanceof Error ? thrown.message : String(thrown)}\n${usage}`
    problems.push({ variable: 'arguments', value: argv.join(' '), remedy })
    return {}
  }
}

/** A KUBECONFIG that happens to be set in a shell must never decide which cluster gets written to. */
function chooseCluster(
  flags: Flags,
  env: Readonly<Record<string, string | undefined>>,
  fileExists: (path: string) => boolean,
  problems: ConfigProblem[],
): ClusterAccess | undefined {
  const { kubeconfig: file, context } = flags
  if (file === undefined && context === undefined) {
    if (env['KUBERNETES_SERVICE_HOST'] !== undefined && fileExists(serviceAccountTokenFile))
      return { kind: 'inCluster' }
    if (problems.length > 0) return undefined // the arguments could not be read: that is the problem to show
    const alone = env['KUBECONFIG'] !== undefined
    problems.push({
      variable: alone ? 'KUBECONFIG' : '--kubeconfig',
      value: env['KUBECONFIG'],
      remedy: `${alone ? 'is not used on its own, so that no run hits a cluster by accident: ' : ''}pass --kubeconfig FILE and --context NAME explicitly`,
    })
    return undefined
  }
  if (file === undefined || context === undefined) {
    const missing = file === undefined ? '--kubeconfig' : '--context'
    problems.push({
      variable: missing,
      value: undefined,
      remedy: 'pass both --kubeconfig FILE and --context NAME',
    })
    return undefined
  }
  if (!fileExists(file)) {
    problems.push({ variable: '--kubeconfig', value: file, remedy: 'there is no such file' })
    return undefined
  }
  return { kind: 'kubeconfig', file, context }
}
