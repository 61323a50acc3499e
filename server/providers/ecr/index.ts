import { RegistryError, type ErrorCode } from '../../core/errors.ts'
import { takeMaterial } from '../material.ts'
import type { Credentials, IssuedCredential, TokenProvider } from '../provider.ts'
import { SkewMeter, type Environment, type Keys } from './client.ts'
import { ecrConfigSchema, ecrMaterialKeys, type EcrConfig } from './config.ts'
import { registryHosts } from './hosts.ts'
import type { Situation } from './responses.ts'
import { ServerIdentitySource } from './server-identity.ts'
import { assumeRole, type ServerMarks, type StsSettings } from './sts.ts'
import { requestToken, type TokenSettings } from './token.ts'

/** Amazon ECR, private registries. `environment` is the server's own, where its identity and proxies are found. */
export function createEcrProvider(environment: Environment = process.env) {
  const serverIdentity = new ServerIdentitySource(environment)
  return {
    type: 'ecr',
    configSchema: ecrConfigSchema,
    accepts: ['material', 'serverIdentity'],
    materialKeys: ecrMaterialKeys,
    hosts: registryHosts,
    targetKey,
    customEndpoints: ({ endpoint, stsEndpoint }) =>
      [endpoint, stsEndpoint].filter((url) => url !== undefined).map(hostAndPort),
    upstreamRoles: ({ assumeRoles = [] }) => assumeRoles.map(({ arn }) => arn),
    async issue(config, context) {
      const skew = new SkewMeter(context.now, context.onClockSkew)
      const settings: StsSettings = {
        config,
        environment,
        skew,
        signal: context.signal,
        endpoint: config.stsEndpoint ?? context.endpoints?.['sts'],
        guard: config.stsEndpoint === undefined ? 'exempt' : context.guard,
      }
      const attempt = async (): Promise<IssuedCredential> => {
        const start = await startingPoint(config, context.credentials, () =>
          serverIdentity.get({ context, region: config.region, skew }),
        )
        const caller = await followChain(config, start, settings)
        const ecrSettings: TokenSettings = {
          ...settings,
          endpoint: config.endpoint ?? context.endpoints?.['ecr'],
          guard: config.endpoint === undefined ? 'exempt' : context.guard,
          now: context.now,
        }
        const situation = situationOf('GetAuthorizationToken', caller, ecrSettings)
        const token = await requestToken(caller, ecrSettings, situation)
        return caller.principal === undefined ? token : { ...token, principal: caller.principal }
      }
      return attempt().catch((thrown: unknown) => {
        const stale = context.credentials.kind === 'serverIdentity' && isAbout(thrown, identityCodes)
        // Kept from an earlier try, and withdrawn since: only a new one can tell.
        if (stale && serverIdentity.forget()) return attempt()
        throw thrown
      })
    },
  } satisfies TokenProvider<EcrConfig>
}

/** Amazon ECR with the environment of this process. */
export const ecr = createEcrProvider()

const identityCodes: readonly ErrorCode[] = ['CredentialsExpired', 'CredentialsInvalid']

function isAbout(thrown: unknown, codes: readonly ErrorCode[]): boolean {
  return thrown instanceof RegistryError && codes.includes(thrown.code)
}

/** Everything beside the credentials that changes the answer; hosts and accounts do not, one token serves them all. */
function targetKey({ region, fips, dualStack, endpoint, stsEndpoint, assumeRoles = [] }: EcrConfig): string {
  const roles = assumeRoles.map(({ arn, externalId, sessionName, durationSeconds }) => [
    arn,
    externalId ?? '',
    sessionName ?? '',
    durationSeconds ?? 0,
  ])
  return JSON.stringify([region, fips, dualStack, endpoint ?? '', stsEndpoint ?? '', roles])
}

/** Who signs the next call. */
interface Caller extends Keys {
  readonly source: string
  readonly fromSecret: boolean
  readonly principal?: string
}

interface StartingPoint {
  readonly caller: Caller
  /** What the first role gets from the server instead of from the spec. */
  readonly marks?: ServerMarks
}

async function startingPoint(
  config: EcrConfig,
  credentials: Credentials,
  serverIdentity: () => Promise<Keys & { readonly name: string; readonly principal: string | undefined }>,
): Promise<StartingPoint> {
  if (credentials.kind === 'material') {
    const { values, source } = takeMaterial(credentials, ecrMaterialKeys)
    const {
      accessKeyId = '',
      secretAccessKey = '',
      sessionToken,
    } = mapValues(values, (value) => value.trim())
    const keys = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
    return { caller: { ...keys, source, fromSecret: true } }
  }
  const claimed = (config.assumeRoles ?? []).findIndex(({ externalId }) => externalId !== undefined)
  if (credentials.externalId !== undefined && claimed >= 0) {
    throw new RegistryError(
      'NotAllowed',
      `spec.provider.ecr.assumeRoles[${claimed}].externalId: with the server's identity the server sends an externalId of its own; remove the field and let the role's trust policy expect ${credentials.externalId}`,
    )
  }
  const { name, principal, ...keys } = await serverIdentity()
  const caller = {
    ...keys,
    source: name,
    fromSecret: false,
    ...(principal === undefined ? {} : { principal }),
  }
  return { caller, marks: { externalId: credentials.externalId, tags: credentials.sessionTags } }
}

/** Takes the roles of the spec one after the other. */
async function followChain(config: EcrConfig, start: StartingPoint, settings: StsSettings): Promise<Caller> {
  const roles = config.assumeRoles ?? []
  let caller = start.caller
  for (const [index, role] of roles.entries()) {
    const marks = index === 0 && start.marks ? { ...start.marks, transitive: roles.length > 1 } : undefined
    const situation: Situation = {
      ...situationOf('AssumeRole', caller, settings),
      role: {
        arn: role.arn,
        field: `spec.provider.ecr.assumeRoles[${index}]`,
        externalId: (marks?.externalId ?? role.externalId) !== undefined,
        tags: Object.keys(marks?.tags ?? {}).length > 0,
      },
    }
    const { principal, ...keys } = await assumeRole(role, caller, marks, settings, situation)
    caller = {
      ...keys,
      source: `the session of role ${role.arn}`,
      fromSecret: false,
      ...(principal === undefined ? {} : { principal }),
    }
  }
  return caller
}

function situationOf(
  step: Situation['step'],
  caller: Pick<Caller, 'source' | 'fromSecret'>,
  settings: StsSettings,
): Situation {
  return {
    step,
    region: settings.config.region,
    endpoint: settings.endpoint,
    source: caller.source,
    fromSecret: caller.fromSecret,
    signal: settings.signal,
    skewMs: () => settings.skew.skewMs,
  }
}

/** `host:port` as the administrator's policy lists it. */
function hostAndPort(address: string): string {
  const url = new URL(address)
  return `${url.hostname}:${url.port === '' ? (url.protocol === 'http:' ? '80' : '443') : url.port}`
}

function mapValues<Value>(
  values: Readonly<Record<string, Value>>,
  map: (value: Value) => Value,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]))
}
