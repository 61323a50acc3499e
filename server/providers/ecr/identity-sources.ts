/**
 * Where a server finds its own AWS identity, in the order of the SDK:
 *
 * 1. AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
 * 2. IRSA: AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME
 * 3. EKS Pod Identity, ECS: AWS_CONTAINER_CREDENTIALS_FULL_URI or …_RELATIVE_URI, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE
 * 4. the node's role: IMDSv2, unless AWS_EC2_METADATA_DISABLED is true
 *
 * Profile files, SSO and external processes are left out: a container has none, and whoever can write a file must not
 * become somebody else.
 */
import { readFile } from 'node:fs/promises'
import { RegistryError } from '../../core/errors.ts'
import type { Environment, Keys } from './client.ts'
import { toRegistryError, type Situation } from './responses.ts'
import { assumeRoleWithWebIdentity, type StsSettings } from './sts.ts'

/** The server's own keys, and whose they are. */
export interface ServerIdentity extends Keys {
  /** How messages name it. */
  readonly name: string
  readonly principal: string | undefined
  /** On our clock; undefined for fixed keys. */
  readonly expiresAt: Date | undefined
}

const metadataTimeoutMs = 2000

/** @throws RegistryError */
export async function findIdentity(environment: Environment, settings: StsSettings): Promise<ServerIdentity> {
  if (environment['AWS_ACCESS_KEY_ID'] && environment['AWS_SECRET_ACCESS_KEY']) {
    const sessionToken = environment['AWS_SESSION_TOKEN']
    return {
      name: "the server's identity (AWS_ACCESS_KEY_ID)",
      accessKeyId: environment['AWS_ACCESS_KEY_ID'],
      secretAccessKey: environment['AWS_SECRET_ACCESS_KEY'],
      ...(sessionToken ? { sessionToken } : {}),
      principal: undefined,
      expiresAt: undefined,
    }
  }
  if (environment['AWS_WEB_IDENTITY_TOKEN_FILE'] && environment['AWS_ROLE_ARN']) {
    return fromTokenFile(environment['AWS_WEB_IDENTITY_TOKEN_FILE'], environment['AWS_ROLE_ARN'], {
      environment,
      settings,
    })
  }
  if (
    environment['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ||
    environment['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI']
  ) {
    return fromContainer(environment, settings)
  }
  return fromNode(environment, settings)
}

async function fromTokenFile(
  file: string,
  roleArn: string,
  { environment, settings }: { readonly environment: Environment; readonly settings: StsSettings },
): Promise<ServerIdentity> {
  const name = "the server's identity (AWS_WEB_IDENTITY_TOKEN_FILE)"
  const token = await readToken(file, 'AWS_WEB_IDENTITY_TOKEN_FILE')
  const situation: Situation = {
    ...situationOf('AssumeRoleWithWebIdentity', name, settings),
    role: { arn: roleArn, field: 'AWS_ROLE_ARN of the server', externalId: false, tags: false },
  }
  const sessionName = environment['AWS_ROLE_SESSION_NAME']
  const session = await assumeRoleWithWebIdentity({ roleArn, sessionName, token }, settings, situation)
  return { ...session, name, expiresAt: settings.skew.toOurs(session.expiresAt) }
}

async function fromContainer(environment: Environment, settings: StsSettings): Promise<ServerIdentity> {
  const name = "the server's identity (AWS_CONTAINER_CREDENTIALS_FULL_URI)"
  const tokenFile = environment['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE']
  if (tokenFile) await readToken(tokenFile, 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE')
  const { fromHttp } = await import('@aws-sdk/credential-providers')
  const provide = fromHttp({
    timeout: metadataTimeoutMs,
    // Our own loop tries again; the SDK would sleep in between.
    maxRetries: 0,
    ...definedOnly({
      awsContainerCredentialsFullUri: environment['AWS_CONTAINER_CREDENTIALS_FULL_URI'],
      awsContainerCredentialsRelativeUri: environment['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'],
      awsContainerAuthorizationToken: tokenFile
        ? undefined
        : environment['AWS_CONTAINER_AUTHORIZATION_TOKEN'],
      awsContainerAuthorizationTokenFile: tokenFile,
    }),
    logger: quiet,
  })
  try {
    const found = await provide()
    return { ...keysOf(found), name, principal: undefined, expiresAt: found.expiration }
  } catch (thrown) {
    const error = toRegistryError(thrown, situationOf('metadata', name, settings))
    throw new RegistryError(
      'Unavailable',
      `${name}: the credentials endpoint gave none (${error.code === 'InternalError' ? 'refused' : error.code}); check the Pod Identity association of the server's ServiceAccount and the agent on its node`,
      { cause: error.cause },
    )
  }
}

async function fromNode(environment: Environment, settings: StsSettings): Promise<ServerIdentity> {
  const name = "the server's identity (role of the node)"
  try {
    if (environment['AWS_EC2_METADATA_DISABLED']?.toLowerCase() === 'true') throw new Error('disabled')
    const { fromInstanceMetadata } = await import('@aws-sdk/credential-providers')
    const provide = fromInstanceMetadata({
      timeout: metadataTimeoutMs,
      maxRetries: 1,
      ec2MetadataV1Disabled: true,
      logger: quiet,
    })
    const found = await provide()
    return { ...keysOf(found), name, principal: undefined, expiresAt: found.expiration }
  } catch (thrown) {
    throw new RegistryError(
      'ReferenceMissing',
      'spec.credentials.serverIdentity: this server has no AWS identity (no AWS_ACCESS_KEY_ID, AWS_WEB_IDENTITY_TOKEN_FILE or AWS_CONTAINER_CREDENTIALS_FULL_URI, and no role of the node answered); give its ServiceAccount a role (IRSA or Pod Identity), or use spec.credentials.secret',
      { cause: toRegistryError(thrown, situationOf('metadata', name, settings)).cause },
    )
  }
}

async function readToken(file: string, variable: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code ?? 'unreadable'
    throw new RegistryError(
      'ReferenceMissing',
      `the file that ${variable} of the server names cannot be read (${code}); check the projected volume of its pod`,
    )
  }
}

function situationOf(step: Situation['step'], source: string, settings: StsSettings): Situation {
  return {
    step,
    region: settings.config.region,
    endpoint: settings.endpoint,
    source,
    fromSecret: false,
    signal: settings.signal,
    skewMs: () => settings.skew.skewMs,
  }
}

function keysOf(found: {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string | undefined
}): Keys {
  const { accessKeyId, secretAccessKey, sessionToken } = found
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
}

function definedOnly(options: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

/** The SDK would write to the console, past our redaction. */
const quiet = { trace() {}, debug() {}, info() {}, warn() {}, error() {} }
