import type { AssumeRoleCommandInput, Credentials as StsCredentials } from '@aws-sdk/client-sts'
import { clientOptions, watchAnswers, type ClientSettings, type Keys } from './client.ts'
import type { EcrConfig } from './config.ts'
import { badResponse, toRegistryError, type Situation } from './responses.ts'

/** Temporary credentials, with who they are. */
export interface Session extends Keys {
  readonly sessionToken: string
  /** On AWS's clock. */
  readonly expiresAt: Date
  readonly principal: string | undefined
}

/** For calls of STS. `endpoint` stands in for the region's public address. */
export interface StsSettings extends ClientSettings {
  readonly signal: AbortSignal
  readonly endpoint: string | undefined
}

/** One entry of spec.provider.ecr.assumeRoles. */
export type AssumedRole = NonNullable<EcrConfig['assumeRoles']>[number]

/** What the server adds to the first role of a chain that starts from its own identity. */
export interface ServerMarks {
  readonly externalId: string | undefined
  readonly tags: Readonly<Record<string, string>>
}

/** Names the session where the spec does not: several registries may share the call, so it cannot name one of them. */
const defaultSessionName = 'token-registries'

/**
 * Takes one role. `marks` come from the server and replace what a spec could claim.
 * @throws RegistryError
 */
export async function assumeRole(
  role: AssumedRole,
  keys: Keys,
  marks: (ServerMarks & { readonly transitive: boolean }) | undefined,
  settings: StsSettings,
  situation: Situation,
): Promise<Session> {
  const externalId = marks?.externalId ?? role.externalId
  const tags = Object.entries(marks?.tags ?? {})
  const input: AssumeRoleCommandInput = {
    RoleArn: role.arn,
    RoleSessionName: role.sessionName ?? defaultSessionName,
    ...(externalId === undefined ? {} : { ExternalId: externalId }),
    ...(role.durationSeconds === undefined ? {} : { DurationSeconds: role.durationSeconds }),
    ...(tags.length === 0 ? {} : { Tags: tags.map(([Key, Value]) => ({ Key, Value })) }),
    // Later roles of the chain see who asked, too.
    ...(tags.length === 0 || marks?.transitive !== true
      ? {}
      : { TransitiveTagKeys: tags.map(([key]) => key) }),
  }
  const { STSClient, AssumeRoleCommand } = await import('@aws-sdk/client-sts')
  const client = new STSClient(clientOptions(settings, settings.endpoint, keys))
  watchAnswers(client, settings.skew)
  try {
    const output = await client.send(new AssumeRoleCommand(input), { abortSignal: settings.signal })
    return sessionOf(output.Credentials, output.AssumedRoleUser?.Arn, situation)
  } catch (thrown) {
    throw toRegistryError(thrown, situation)
  } finally {
    client.destroy()
  }
}

/**
 * Takes a role with a token of the cluster (IRSA). The request is not signed.
 * @throws RegistryError
 */
export async function assumeRoleWithWebIdentity(
  input: { readonly roleArn: string; readonly sessionName: string | undefined; readonly token: string },
  settings: StsSettings,
  situation: Situation,
): Promise<Session> {
  const { STSClient, AssumeRoleWithWebIdentityCommand } = await import('@aws-sdk/client-sts')
  const client = new STSClient(clientOptions(settings, settings.endpoint, undefined))
  watchAnswers(client, settings.skew)
  const command = new AssumeRoleWithWebIdentityCommand({
    RoleArn: input.roleArn,
    RoleSessionName: input.sessionName ?? defaultSessionName,
    WebIdentityToken: input.token,
  })
  try {
    const output = await client.send(command, { abortSignal: settings.signal })
    return sessionOf(output.Credentials, output.AssumedRoleUser?.Arn, situation)
  } catch (thrown) {
    throw toRegistryError(thrown, situation)
  } finally {
    client.destroy()
  }
}

function sessionOf(
  credentials: StsCredentials | undefined,
  principal: string | undefined,
  situation: Situation,
): Session {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = credentials ?? {}
  if (!AccessKeyId || !SecretAccessKey || !SessionToken || !isDate(Expiration)) {
    throw badResponse(situation, 'its answer holds no complete credentials')
  }
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
    expiresAt: Expiration,
    principal,
  }
}

function isDate(value: Date | undefined): value is Date {
  return value instanceof Date && !Number.isNaN(value.getTime())
}
