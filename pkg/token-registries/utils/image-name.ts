// Finds out from the name of an image what a registry's fields must be. Each provider has a recogniser of its hosts.

/** Values of fields below the provider's block, such as { region: 'eu-west-1' }. */
export type FieldValues = Readonly<Record<string, string | boolean | readonly string[]>>

/** What was found: the provider's block and what to fill in. */
export interface Recognised {
  readonly provider: string
  readonly values: FieldValues
}

/** The fields that a host stands for; undefined when the host is none of that provider. */
type Recogniser = (host: string) => FieldValues | undefined

// As server/providers/ecr/hosts.ts spells them, over all partitions; dual-stack names have a suffix of their own.
const ecrHost =
  /^(?<account>\d{12})\.dkr\.ecr(?<fips>-fips)?\.(?<region>[a-z0-9-]+)\.(amazonaws\.(com(\.cn)?|eu)|c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)$/
const ecrDualStackHost =
  /^(?<account>\d{12})\.dkr-ecr(?<fips>-fips)?\.(?<region>[a-z0-9-]+)\.(on\.aws|on\.amazonwebservices\.com\.cn)$/

/** By provider; the first that knows a host has it, so the one that takes any host is the last. */
const recognisers: Readonly<Record<string, Recogniser>> = {
  ecr: (host) => {
    const plain = ecrHost.exec(host)?.groups
    const { account, region, fips } = plain ?? ecrDualStackHost.exec(host)?.groups ?? {}
    if (account === undefined || region === undefined) return undefined
    return { region, accounts: [account], ...(fips && { fips: true }), ...(!plain && { dualStack: true }) }
  },
  static: (host) => ({ hosts: [host] }),
}

/**
 * The registry's host of an image as container runtimes read it: with a tag, a digest, a scheme in front or nothing
 * but the host. Undefined when the text is no name of an image.
 */
export function imageHost(text: string): string | undefined {
  const name = text
    .trim()
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, '')
    .toLowerCase()
  const [first = '', ...path] = name.split('/')
  if (!/^[a-z0-9][a-z0-9._-]*(:[a-z0-9._-]+)?(@sha256)?/.test(first) || /\s/.test(name)) return undefined
  const host = /^[a-z0-9.-]+(:\d{1,5})?$/.test(first) && /[.:]|^localhost$/.test(first)
  // `nginx` and `nginx:1.29` are images of Docker Hub; `registry.example:5000` is a host.
  const isHost =
    host && (path.length > 0 || first.split(':')[0]?.includes('.') || first.startsWith('localhost'))
  return isHost ? first : 'docker.io'
}

/**
 * What an image's name says about the registry.
 * @param offered names of the providers that may be found
 */
export function recognise(text: string, offered: readonly string[]): Recognised | undefined {
  const host = imageHost(text)
  if (host === undefined) return undefined
  for (const [provider, recogniser] of Object.entries(recognisers)) {
    const values = offered.includes(provider) ? recogniser(host) : undefined
    if (values !== undefined) return { provider, values }
  }
  return undefined
}

/** Whether a provider's fields can be filled in from a name. */
export function isRecognisable(provider: string): boolean {
  return provider in recognisers
}
