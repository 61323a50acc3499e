import { RegistryError, type ErrorCode } from '../../core/errors.ts'
import { factsOf, scrubbed, type UpstreamFacts } from './upstream-facts.ts'
import { refusals, type Refusal } from './refusals.ts'

/** What was being done, so that a message can name the object, the field and the remedy. */
export interface Situation {
  readonly step: 'GetAuthorizationToken' | 'AssumeRole' | 'AssumeRoleWithWebIdentity' | 'metadata'
  readonly region: string
  /** The spec's own endpoint for this step. */
  readonly endpoint: string | undefined
  /** Where the signing keys come from: `Secret shop/shop-ecr`, `the server's identity (…)`, `the session of role …`. */
  readonly source: string
  /** Whether `source` is a Secret, so that its keys can be named. */
  readonly fromSecret: boolean
  /** The role that is being taken, and the field that names it. */
  readonly role?: {
    readonly arn: string
    readonly field: string
    readonly externalId: boolean
    readonly tags: boolean
  }
  readonly signal: AbortSignal
  /** AWS's clock minus ours in milliseconds, as far as its answers told. */
  readonly skewMs: () => number
}

/**
 * Turns whatever the SDK threw into one of our codes. Nothing of the upstream text goes into the message but codes,
 * ARNs and action names: AWS prints parts of the signed request into some of its messages.
 */
export function toRegistryError(thrown: unknown, situation: Situation): RegistryError {
  if (thrown instanceof RegistryError) return thrown
  const facts = factsOf(thrown)
  const { code, message } = explain(facts, situation)
  const retryAfterMs = code === 'RateLimited' || code === 'Unavailable' ? facts.retryAfterMs : undefined
  return new RegistryError(code, message, {
    cause: scrubbed(thrown, facts),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}

/** A success that cannot be used. */
export function badResponse(situation: Situation, what: string): RegistryError {
  return new RegistryError(
    'BadResponse',
    `${serviceName(situation)} answered ${situation.step} with success, but ${what}; check that ${endpointField(situation)} reaches AWS and not a proxy or another service`,
  )
}

interface Explained {
  readonly code: ErrorCode
  readonly message: string
}

function explain(facts: UpstreamFacts, situation: Situation): Explained {
  if (situation.signal.aborted) {
    return {
      code: 'Unavailable',
      message: `${serviceName(situation)} did not answer ${situation.step} before the try was ended; check network policies, proxies and VPC endpoints (it is tried again)`,
    }
  }
  if (facts.name === 'EndpointError') {
    return {
      code: 'SpecInvalid',
      message: `spec.provider.ecr: AWS has no address for region ${situation.region} with these fips and dualStack settings; correct the region or set both to false`,
    }
  }
  return (
    explainNetwork(facts, situation) ??
    explainRefusal(facts, situation) ??
    explainStatus(facts, situation) ?? {
      code: 'InternalError',
      message: `unexpected ${facts.name} while asking ${serviceName(situation)} for ${situation.step}; the server's log has the stack`,
    }
  )
}

function explainNetwork({ network }: UpstreamFacts, situation: Situation): Explained | undefined {
  if (network === undefined) return undefined
  const service = serviceName(situation)
  const field = endpointField(situation)
  switch (network.kind) {
    case 'unknownHost':
      return {
        code: 'WrongTarget',
        message:
          situation.endpoint === undefined
            ? `spec.provider.ecr.region: ${service} has no address in DNS (${network.code}); check the region's spelling, and that the cluster's DNS resolves AWS names`
            : `${field}: ${service} has no address in DNS (${network.code}); check the host name`,
      }
    case 'tls':
      return {
        code: 'Unavailable',
        message: `${service} could not be trusted (${network.code}); if a proxy or private endpoint stands in between, give its CA to the server (NODE_EXTRA_CA_CERTS)`,
      }
    case 'timeout':
      return {
        code: 'Unavailable',
        message: `${service} did not answer ${situation.step} in time (${network.code}); check network policies, proxies and VPC endpoints between the server and AWS`,
      }
    case 'connection':
      return {
        code: 'Unavailable',
        message: `${service} could not be reached for ${situation.step} (${network.code}); check ${field}, network policies and proxies`,
      }
    case 'tooLarge':
      return {
        code: 'BadResponse',
        message: badResponse(situation, 'its answer is larger than 1 MiB').message,
      }
    case 'refused':
      return { code: 'NotAllowed', message: `${field}: ${network.explanation}` }
  }
}

function explainRefusal(facts: UpstreamFacts, situation: Situation): Explained | undefined {
  const refusal: Refusal | undefined = refusals[facts.key]
  return refusal?.({ facts, situation, service: serviceName(situation), field: endpointField(situation) })
}

/** Answers that do not come from the service, or are new to us: all that is left is the status. */
function explainStatus(facts: UpstreamFacts, situation: Situation): Explained | undefined {
  const { status } = facts
  if (status === undefined) return undefined
  const service = serviceName(situation)
  const what = `${service} answered ${situation.step} with ${facts.code === '' ? '' : `${facts.code}, `}HTTP ${status}`
  if (status >= 500) return { code: 'Unavailable', message: `${what}; it is tried again` }
  if (status === 429) return { code: 'RateLimited', message: `${what}; it is tried again more slowly` }
  if (status === 407) {
    return {
      code: 'Unavailable',
      message: `${what}: a proxy wants credentials; set them in the server's HTTPS_PROXY`,
    }
  }
  if (status < 300)
    return { code: 'BadResponse', message: badResponse(situation, 'its answer cannot be read').message }
  if (status === 401 || status === 403) {
    return {
      code: 'AccessDenied',
      message: `${what}; check the permissions of ${situation.source}, and that ${endpointField(situation)} reaches AWS and not a proxy`,
    }
  }
  if (status === 404) {
    return {
      code: 'WrongTarget',
      message: `${what}; check that ${endpointField(situation)} is an address of this service`,
    }
  }
  return {
    code: 'BadResponse',
    message: `${what}; check that ${endpointField(situation)} reaches AWS and not a proxy or another service`,
  }
}

/** `ECR in eu-west-1`, with the host when the spec names one. */
function serviceName({ step, region, endpoint }: Situation): string {
  if (step === 'metadata') return 'the metadata endpoint of this machine'
  const name = `${step === 'GetAuthorizationToken' ? 'ECR' : 'STS'} in ${region}`
  return endpoint === undefined ? name : `${name} (${new URL(endpoint).host})`
}

function endpointField({ step, endpoint }: Situation): string {
  if (step === 'metadata') return "the server's AWS_* environment"
  if (endpoint === undefined) return 'spec.provider.ecr.region'
  return `spec.provider.ecr.${step === 'GetAuthorizationToken' ? 'endpoint' : 'stsEndpoint'}`
}
