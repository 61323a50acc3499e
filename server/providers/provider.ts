import type * as z from 'zod'
import type { AddressGuard } from '../net/guard.ts'

/** What spec.credentials resolved to. A provider never learns where material is kept and never reads the cluster. */
export type Credentials =
  | {
      readonly kind: 'material'
      /** Values under the provider's own key names (materialKeys), after spec.credentials.secret.keys was applied. */
      readonly values: Readonly<Record<string, string>>
      /** How messages name the source, for example `Secret shop/shop-ecr-credentials`. */
      readonly source: string
    }
  | {
      readonly kind: 'serverIdentity'
      /** Made by the server, never taken from a spec: who asks, as upstream's audit log shall show it. */
      readonly sessionTags: Readonly<Record<string, string>>
      /** `<cluster>/<project>/<namespace uid>`; sent as ExternalId on the first role of the chain. Absent for cluster registries. */
      readonly externalId?: string
    }

/** `material` is what the API calls the block `secret`. */
export type CredentialsKind = Credentials['kind']

/** All a provider may touch. Tests pass plain objects; nothing is mocked by module path. */
export interface ProviderContext {
  readonly credentials: Credentials
  /** Aborts the call: shutdown, lost leadership, or the overall time limit of one try. */
  readonly signal: AbortSignal
  readonly now: () => Date
  /** For every connection to an address of `customEndpoints`; a provider makes none of those without it. */
  readonly guard: AddressGuard
  /** Endpoints for the server's own environment (proxies, test clouds); absent = the provider's public ones. */
  readonly endpoints?: Readonly<Record<string, string>>
  /** Called with `upstream's clock - ours` in milliseconds for each answer that carries a Date header. */
  readonly onClockSkew?: (skewMs: number) => void
}

/** What upstream handed out. Hosts are not part of it: one token serves every host of `TokenProvider.hosts`. */
export interface IssuedCredential {
  readonly username: string
  readonly password: string
  /** When the answer was received, on our clock. */
  readonly issuedAt: Date
  /** End of life as the issuer states it, on our clock; null when it states none. */
  readonly expiresAt: Date | null
  /** Who upstream says we are (an ARN, a client id), when it says so. */
  readonly principal?: string
}

/** One named value that a provider takes from a Secret. */
export interface MaterialKey {
  /** The provider's name for it, and the default key in the Secret. */
  readonly name: string
  readonly optional: boolean
  /** Whether the value must not be shown. */
  readonly secret: boolean
  readonly label: string
  readonly help: string
}

/**
 * One kind of registry. A provider is a folder (config.ts, index.ts, responses.ts, tests, README.md) and one line in
 * providers/index.ts.
 */
export interface TokenProvider<Config = unknown> {
  /** The key under spec.provider. */
  readonly type: string
  readonly configSchema: z.ZodType<Config>
  readonly accepts: readonly CredentialsKind[]
  readonly materialKeys: readonly MaterialKey[]
  /** Pure. The keys of `auths` that the pull Secret shall hold, without scheme, sorted and unique. */
  hosts(config: Config): string[]
  /** Pure. What the answer depends on beside the credentials (region, endpoint, role chain …); never a secret value. */
  targetKey(config: Config): string
  /** Pure. Addresses that the spec itself names (`host:port`), which the administrator's policy must list. */
  customEndpoints(config: Config): string[]
  /** Pure. The upstream roles that the spec names, which the policy must list when the server's identity is used. */
  upstreamRoles(config: Config): string[]
  /**
   * Asks upstream once.
   * @throws RegistryError and nothing else on purpose.
   */
  issue(config: Config, context: ProviderContext): Promise<IssuedCredential>
}
