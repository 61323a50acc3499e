/** The state of the fake AWS: accounts, users with keys, roles with trust and permissions, sessions. */
import { createHash, randomBytes } from 'node:crypto'
import { markOf, secretBase64 } from '../../canaries/marks.ts'
import type { FakeClock } from './clock.ts'

/** What a user or role may do; an action that is missing is denied. */
export type Action = 'ecr:GetAuthorizationToken' | 'sts:AssumeRole'

export interface Principal {
  readonly account: string
  /** For a session: `arn:aws:sts::A:assumed-role/R/S`. */
  readonly arn: string
  readonly userId: string
  /** Of a session: the role behind it, which is what trust policies name. */
  readonly roleArn?: string
  readonly allow: ReadonlySet<Action>
  readonly tags: Readonly<Record<string, string>>
}

/** A key pair that signs, with who it stands for. */
export interface AccessKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly expiresAt?: Date
  readonly principal: Principal
}

export interface Trust {
  /** ARNs of users, roles or `arn:aws:iam::A:root`. */
  readonly principals: readonly string[]
  readonly externalId?: string
  /** Whether callers may tag the session (`sts:TagSession`). Default true. */
  readonly tagSession?: boolean
  /** `aws:RequestTag/…` conditions. */
  readonly requestTags?: Readonly<Record<string, string>>
  /** Federation by OIDC: the token's issuer, audience and subject. */
  readonly webIdentity?: { readonly issuer: string; readonly audience: string; readonly subject: string }
}

export interface Role {
  readonly account: string
  readonly name: string
  readonly arn: string
  readonly trust: Trust
  readonly allow: ReadonlySet<Action>
  readonly maxSessionSeconds: number
}

export interface UserOptions {
  readonly account?: string
  readonly name: string
  readonly allow?: readonly Action[]
  readonly accessKeyId?: string
  readonly secretAccessKey?: string
}

export interface RoleOptions {
  readonly account?: string
  readonly name: string
  readonly trust: Trust
  readonly allow?: readonly Action[]
  readonly maxSessionSeconds?: number
}

export interface SessionOptions {
  readonly sessionName: string
  readonly seconds: number
  readonly tags?: Readonly<Record<string, string>>
}

const everything: readonly Action[] = ['ecr:GetAuthorizationToken', 'sts:AssumeRole']
export const defaultAccount = '123456789012'
const defaultRegions = ['eu-west-1', 'eu-central-1', 'us-east-1', 'us-east-2', 'us-gov-west-1', 'cn-north-1']

/** Accounts exist by being named. */
export class World {
  readonly regions = new Set<string>(defaultRegions)
  /** Regions in which an account did not activate STS. */
  readonly stsDisabledRegions = new Set<string>()
  readonly keys = new Map<string, AccessKey>()
  readonly roles = new Map<string, Role>()
  /** Overrides the length of every session made from now on; null = what the caller asks for. */
  sessionSeconds: number | null = null
  readonly #clock: FakeClock

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  /** Makes an IAM user with one access key. */
  addUser(options: UserOptions): AccessKey {
    const account = options.account ?? defaultAccount
    const principal: Principal = {
      account,
      arn: `arn:aws:iam::${account}:user/${options.name}`,
      userId: `AIDA${idOf(`${account}/${options.name}`)}`,
      allow: new Set(options.allow ?? everything),
      tags: {},
    }
    const key: AccessKey = {
      accessKeyId: options.accessKeyId ?? `AKIA${randomKeyId()}`,
      secretAccessKey: options.secretAccessKey ?? secretBase64('secret access key'),
      principal,
    }
    this.keys.set(key.accessKeyId, key)
    return key
  }

  /** Makes a role, or replaces the one of that name. */
  addRole(options: RoleOptions): Role {
    const account = options.account ?? defaultAccount
    const arn = `arn:aws:iam::${account}:role/${options.name}`
    const role: Role = {
      account,
      name: options.name,
      arn,
      trust: options.trust,
      allow: new Set(options.allow ?? everything),
      maxSessionSeconds: options.maxSessionSeconds ?? 3600,
    }
    this.roles.set(arn, role)
    return role
  }

  /** Temporary credentials of a role, without any trust check: STS and the metadata endpoints decide before. */
  startSession(role: Role, options: SessionOptions): AccessKey {
    const seconds = this.sessionSeconds ?? options.seconds
    const key: AccessKey = {
      accessKeyId: `ASIA${randomKeyId()}`,
      secretAccessKey: secretBase64('secret access key'),
      sessionToken: `IQoJb3JpZ2luX2Vj${secretBase64('session token', 400)}`,
      // STS states whole seconds.
      expiresAt: new Date(Math.floor(this.#clock.now().getTime() / 1000) * 1000 + seconds * 1000),
      principal: {
        account: role.account,
        arn: `arn:aws:sts::${role.account}:assumed-role/${role.name}/${options.sessionName}`,
        userId: `AROA${idOf(role.arn)}:${options.sessionName}`,
        roleArn: role.arn,
        allow: role.allow,
        tags: options.tags ?? {},
      },
    }
    this.keys.set(key.accessKeyId, key)
    return key
  }

  /** Deletes a key, as `aws iam delete-access-key` does. */
  removeKey(accessKeyId: string): void {
    this.keys.delete(accessKeyId)
  }
}

/** Longer than the real ones by its mark. */
function randomKeyId(): string {
  return `${markOf('access key id')}${idOf(randomBytes(16).toString('hex'))}`
}

/** 16 characters of the alphabet that AWS ids use. */
function idOf(seed: string): string {
  const digest = createHash('sha256').update(seed).digest()
  return Array.from(digest.subarray(0, 16), (byte) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[byte & 31]).join('')
}
