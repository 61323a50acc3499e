// Questions to the cluster and the registry, in the words of the story.
import type { RegistryStatus } from '../../server/api/v1alpha1/index.ts'
import { eventually } from '../../test/integration/harness.ts'
import type { KubeObject } from '../../test/testbed/kube-client.ts'
import {
  PullError,
  pullWithSecrets,
  type PullReport,
  type TransferOptions,
} from '../../test/testbed/registry.ts'
import type { Outside } from './scene.ts'
import { check, ProofFailed } from './story.ts'

export interface Secret extends KubeObject {
  readonly type: string
  readonly data: Readonly<Record<string, string>>
}

export interface TokenRegistry extends KubeObject {
  readonly status?: RegistryStatus
}

/** The name by which a Secret's content says when it ends. */
const expiresAt = 'tokenregistries.io/expires-at'

export class Look {
  readonly #outside: Outside
  /** Image host → where it is served here, as a node's DNS would say. */
  readonly #resolve: TransferOptions

  constructor(outside: Outside, host: string) {
    this.#outside = outside
    this.#resolve = { resolve: { [host]: outside.registry.host } }
  }

  /** Waits for a pull Secret. */
  secret(namespace: string, name: string): Promise<Secret> {
    const { admin } = this.#outside.plane
    return eventually(`Secret ${namespace}/${name}`, async () => {
      const { status, body } = await admin.request<Secret>(
        'GET',
        `/api/v1/namespaces/${namespace}/secrets/${name}`,
      )
      return status === 200 ? body : undefined
    })
  }

  /** Waits until a TokenRegistry fits. */
  registry(
    namespace: string,
    name: string,
    what: string,
    fits: (status: RegistryStatus) => boolean,
  ): Promise<TokenRegistry & { readonly status: RegistryStatus }> {
    const path = `/apis/tokenregistries.io/v1alpha1/namespaces/${namespace}/tokenregistries/${name}`
    let last: RegistryStatus | undefined
    return eventually(
      `TokenRegistry ${namespace}/${name} ${what}`,
      async () => {
        const object = await this.#outside.plane.admin.get<TokenRegistry>(path)
        last = object.status
        return last !== undefined && fits(last) ? { ...object, status: last } : undefined
      },
      () => JSON.stringify(last?.conditions),
    )
  }

  /** Pulls as a node does. @throws PullError */
  pull(image: string, secrets: readonly object[]): Promise<PullReport> {
    return pullWithSecrets([...secrets], image, this.#resolve)
  }

  /** Pulls, and wants the registry to refuse. @returns the registry's words */
  async refusal(image: string, secrets: readonly object[]): Promise<string> {
    try {
      const { digest } = await this.pull(image, secrets)
      throw new ProofFailed(`the registry should have refused the pull of ${image}, but gave ${digest}`)
    } catch (error) {
      if (!(error instanceof PullError)) throw error
      check(error.report.matched === secrets.length, `the kubelet did not try the Secret: ${error.message}`)
      const words = /UNAUTHORIZED[^\n]*/.exec(error.report.error ?? '')?.[0]
      check(words !== undefined, `the pull failed, but not because the registry refused it: ${error.message}`)
      return words.trim()
    }
  }

  /** Calls of ECR's GetAuthorizationToken that reached (the fake) AWS. */
  get tokenCalls(): number {
    return this.#outside.aws.log.count('GetAuthorizationToken')
  }
}

export function isReady(status: RegistryStatus): boolean {
  return status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false
}

/** When a pull Secret stops working. */
export function endOf(secret: Secret): Date {
  return new Date(secret.metadata?.annotations?.[expiresAt] ?? NaN)
}

/** Hosts and user of a pull Secret; the password is nobody's business. */
export function entriesOf(secret: Secret): { hosts: string[]; username: string | undefined } {
  const text = Buffer.from(secret.data['.dockerconfigjson'] ?? '', 'base64').toString()
  const { auths } = JSON.parse(text) as { auths: Record<string, { username: string }> }
  return { hosts: Object.keys(auths), username: Object.values(auths)[0]?.username }
}

/** `14:03:07 UTC` */
export function clock(time: Date | string | undefined): string {
  return `${new Date(time ?? NaN).toISOString().slice(11, 19)} UTC`
}

/** Enough of a digest to compare by eye. */
export function short(digest: string): string {
  return digest.slice(0, 19)
}
