/**
 * Where a process on AWS finds its own identity: the container credentials endpoint (ECS, EKS Pod Identity) and the
 * instance metadata service, version 2.
 */
import type { IncomingMessage } from 'node:http'
import { secretValue } from '../../canaries/marks.ts'
import type { FaultName } from './faults.ts'
import type { Answer } from './wire.ts'
import type { AccessKey, Role, World } from './world.ts'

export class Metadata {
  /** The role of the machine; null = there is none, as on a node without instance profile. */
  role: Role | null = null
  sessionSeconds = 6 * 3600
  /** What the container credentials endpoint wants as Authorization; tests rotate it. */
  containerToken: string = secretValue('header')
  readonly #imdsTokens = new Set<string>()
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** GET /v1/credentials */
  container(request: IncomingMessage, fault: FaultName | null): Answer {
    if (request.headers.authorization !== this.containerToken) {
      return json({ code: 'AccessDenied', message: 'Authorization token is wrong' }, 401)
    }
    return this.#credentials('', fault)
  }

  /** `/latest/…`, version 2 only: a request without a token is refused as with `HttpTokens=required`. */
  imds(request: IncomingMessage, fault: FaultName | null): Answer {
    const path = request.url ?? ''
    if (path === '/latest/api/token' && request.method === 'PUT') {
      const token = secretValue('header')
      this.#imdsTokens.add(token)
      return { status: 200, type: 'text/plain', body: token }
    }
    if (!this.#imdsTokens.has(String(request.headers['x-aws-ec2-metadata-token']))) {
      return { status: 401, type: 'text/plain', body: 'Unauthorized' }
    }
    const root = '/latest/meta-data/iam/security-credentials/'
    if (this.role === null || !path.startsWith(root)) {
      return { status: 404, type: 'text/plain', body: 'Not Found' }
    }
    if (path === root) return { status: 200, type: 'text/plain', body: this.role.name }
    return this.#credentials('Success', fault)
  }

  #credentials(code: string, fault: FaultName | null): Answer {
    if (this.role === null) return json({ code: 'NotFound', message: 'no role' }, 404)
    if (fault === 'garbage') return json({ hello: 'world' })
    const session: AccessKey = this.#world.startSession(this.role, {
      sessionName: 'machine',
      seconds: this.sessionSeconds,
    })
    return json({
      ...(code === '' ? { RoleArn: this.role.arn } : { Code: code, Type: 'AWS-HMAC' }),
      AccessKeyId: session.accessKeyId,
      SecretAccessKey: session.secretAccessKey,
      Token: session.sessionToken,
      Expiration: session.expiresAt?.toISOString(),
      LastUpdated: new Date().toISOString(),
    })
  }
}

function json(value: unknown, status = 200): Answer {
  return { status, type: 'application/json', body: JSON.stringify(value) }
}
