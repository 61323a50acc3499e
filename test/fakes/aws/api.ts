/** The service side of the fake: recognises a call, verifies its signature, lets faults spoil it, answers. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FakeClock } from './clock.ts'
import { ecrTarget, getAuthorizationToken } from './ecr.ts'
import type { FaultName, Faults } from './faults.ts'
import type { LogEntry, RequestLog } from './log.ts'
import type { Metadata } from './metadata.ts'
import { SignatureRefused, verifySignature, type SignatureProblem } from './sigv4.ts'
import { assumeRole, assumeRoleWithWebIdentity, getCallerIdentity } from './sts.ts'
import type { TokenStore } from './tokens.ts'
import type { Issuers } from './web-identity.ts'
import { AwsError, jsonError, readBody, send, xmlError, type Answer } from './wire.ts'
import type { AccessKey, World } from './world.ts'

export interface ApiState {
  readonly clock: FakeClock
  readonly world: World
  readonly tokens: TokenStore
  readonly faults: Faults
  readonly metadata: Metadata
  readonly issuers: Issuers
  readonly log: RequestLog
}

type Signed = 'ecr' | 'sts'

/** Handles one request of the API port. */
export async function handleApi(
  request: IncomingMessage,
  response: ServerResponse,
  state: ApiState,
): Promise<void> {
  const body = await readBody(request)
  const call = recognise(request, body)
  const entry = state.log.begin({ ...call, at: state.clock.now() })
  const fault = state.faults.take(call.service)
  if (fault === 'hang') return
  if (fault === 'reset') {
    request.socket.resetAndDestroy()
    return
  }
  const spoiled = spoil(fault)
  const answer = spoiled ?? answerCall(request, body, { ...call, entry, fault, state })
  entry.status = answer.status
  const date = state.faults.settings.hideDate === true ? null : state.clock.now()
  if (fault === 'truncated') return truncate(request, response, answer)
  send(response, answer, date)
}

interface Call {
  readonly service: Signed | 'metadata'
  readonly action: string
  readonly region: string
  readonly detail: Record<string, string>
}

/** What is asked, read from the wire before anything is believed. */
function recognise(request: IncomingMessage, body: string): Call {
  const region = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? ''
  const target = request.headers['x-amz-target']
  if (typeof target === 'string') {
    return { service: 'ecr', action: target.split('.')[1] ?? '', region, detail: { target } }
  }
  if (request.url?.startsWith('/v1/credentials') || request.url?.startsWith('/latest/')) {
    return { service: 'metadata', action: request.url.split('?')[0]!, region: '', detail: {} }
  }
  const form = new URLSearchParams(body)
  const detail: Record<string, string> = {}
  for (const [name, value] of form) {
    if (name !== 'WebIdentityToken' && name !== 'Action' && name !== 'Version') detail[name] = value
  }
  return { service: 'sts', action: form.get('Action') ?? '', region, detail }
}

interface FullCall extends Call {
  readonly entry: LogEntry
  readonly fault: FaultName | null
  readonly state: ApiState
}

function answerCall(request: IncomingMessage, body: string, call: FullCall): Answer {
  const { service, entry, fault, state } = call
  if (service === 'metadata') {
    if (fault === 'serverError') return { status: 500, type: 'text/plain', body: 'Internal Server Error' }
    const metadata = state.metadata
    return call.action === '/v1/credentials'
      ? metadata.container(request, fault)
      : metadata.imds(request, fault)
  }
  try {
    return answerSigned(request, body, { ...call, service })
  } catch (thrown) {
    const error = thrown instanceof SignatureRefused ? codeOf(thrown, service) : thrown
    if (!(error instanceof AwsError)) throw thrown
    entry.error = error.code
    return service === 'ecr' ? jsonError(error) : xmlError(error)
  }
}

function answerSigned(request: IncomingMessage, body: string, call: FullCall & { service: Signed }): Answer {
  const { service, action, entry, fault, state } = call
  const sts = { world: state.world, issuers: state.issuers, now: state.clock.now() }
  const form = new URLSearchParams(body)
  const early = state.faults.errorOf(service, fault)
  if (action === 'AssumeRoleWithWebIdentity') {
    if (early !== undefined) throw early
    return assumeRoleWithWebIdentity(form, sts, fault)
  }
  const { key, region } = verifySignature<AccessKey>(
    { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body },
    {
      now: state.clock.now(),
      service,
      regions: state.world.regions,
      findKey: (id) => state.world.keys.get(id),
    },
  )
  entry.principal = key.principal.arn
  if (early !== undefined) throw early
  if (service === 'sts' && state.world.stsDisabledRegions.has(region)) {
    throw new AwsError(
      'RegionDisabledException',
      `STS is not activated in this region for account:${key.principal.account}. Your account administrator can activate STS in this region using the IAM Console.`,
      403,
    )
  }
  if (call.detail['target'] === `${ecrTarget}GetAuthorizationToken`) {
    return getAuthorizationToken(key.principal, region, state.tokens, fault)
  }
  if (service === 'sts' && action === 'AssumeRole') return assumeRole(key.principal, form, sts, fault)
  if (service === 'sts' && action === 'GetCallerIdentity') return getCallerIdentity(key.principal)
  throw new AwsError(service === 'ecr' ? 'UnknownOperationException' : 'InvalidAction', '')
}

/** The two protocols name the same refusals differently. */
function codeOf(refused: SignatureRefused, service: Signed): AwsError {
  const ecr = service === 'ecr'
  const codes: Record<SignatureProblem, string> = {
    missing: ecr ? 'MissingAuthenticationTokenException' : 'MissingAuthenticationToken',
    incomplete: ecr ? 'IncompleteSignatureException' : 'IncompleteSignature',
    unknownKey: ecr ? 'UnrecognizedClientException' : 'InvalidClientTokenId',
    badToken: ecr ? 'UnrecognizedClientException' : 'InvalidClientTokenId',
    expiredToken: ecr ? 'ExpiredTokenException' : 'ExpiredToken',
    expired: ecr ? 'InvalidSignatureException' : 'SignatureDoesNotMatch',
    notYetCurrent: ecr ? 'InvalidSignatureException' : 'SignatureDoesNotMatch',
    scope: ecr ? 'InvalidSignatureException' : 'SignatureDoesNotMatch',
    mismatch: ecr ? 'InvalidSignatureException' : 'SignatureDoesNotMatch',
  }
  return new AwsError(codes[refused.problem], refused.message, ecr ? 400 : 403)
}

/** Answers that never come from the service itself: proxies, captive portals, broken middle boxes. */
function spoil(fault: FaultName | null): Answer | null {
  if (fault === 'html') {
    return { status: 200, type: 'text/html', body: '<html><body>Please log in to the proxy</body></html>' }
  }
  if (fault === 'redirect') {
    return { status: 302, type: 'text/plain', body: '', headers: { location: 'http://127.0.0.1:9/' } }
  }
  if (fault === 'huge') {
    const body = JSON.stringify({ authorizationData: [], filler: 'x'.repeat(4 * 1_048_576) })
    return { status: 200, type: 'application/x-amz-json-1.1', body }
  }
  return null
}

/** Promises the whole body and closes the connection after half of it. */
function truncate(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, { 'content-type': answer.type, 'content-length': answer.body.length })
  response.write(answer.body.slice(0, answer.body.length / 2), () => request.socket.end())
}
