// A server with one registry, IAM user and fake AWS per failure, and everything recorded that it writes.
import assert from 'node:assert/strict'
import { secretBase64 } from '../canaries/marks.ts'
import { startFakeAws, type FakeAws } from '../fakes/aws/index.ts'
import type { KubeObject } from '../testbed/kube-client.ts'
import { keyValues, type FailureCase, type Site } from './failure-cases.ts'
import { condition, createKeys, eventually, registries, startBed } from './harness.ts'
import type { Bed, RegistryView } from './harness.ts'
import { Recorder, type Version } from './recorder.ts'

/** The name of every registry here. */
export const registryName = 'shop'
export const policyPath = (bed: Bed): string =>
  `/api/v1/namespaces/${bed.chart.namespace}/configmaps/token-registries-policy`

export interface SecretObject extends KubeObject {
  data?: Record<string, string>
}

export interface EventObject extends KubeObject {
  reason?: string
  note?: string
  regarding?: { kind?: string; namespace?: string; name?: string }
  series?: { count: number }
}

/** Use startFailureBed. */
export class FailureBed {
  readonly bed: Bed
  readonly upstreams: ReadonlyMap<string, FakeAws>
  readonly registries: Recorder<RegistryView>
  readonly secrets: Recorder<SecretObject>
  readonly events: Recorder<EventObject>
  /** What was put into Secrets, by a name that may be shown. */
  readonly planted: Record<string, string> = {}

  constructor(
    bed: Bed,
    upstreams: ReadonlyMap<string, FakeAws>,
    recorders: [Recorder<RegistryView>, Recorder<SecretObject>, Recorder<EventObject>],
  ) {
    this.bed = bed
    this.upstreams = upstreams
    ;[this.registries, this.secrets, this.events] = recorders
  }

  /** Makes the namespace, the IAM user and the Secret with its keys. The name is also that of the fake AWS. */
  async makeSite(name: string, withSession = false): Promise<Site> {
    const { cp } = this.bed
    const aws = this.upstreams.get(name)
    assert.ok(aws, `no fake AWS for ${name}`)
    const user = aws.world.addUser({ name })
    const key = withSession ? { ...user, sessionToken: secretBase64('session token', 400) } : user
    aws.world.keys.set(key.accessKeyId, key)
    for (const [part, value] of Object.entries(keyValues(key))) this.planted[`${part} of ${name}`] = value
    const metadata = { name }
    await cp.admin.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata })
    await createKeys(cp, name, keyValues(key))
    return { cp, aws, namespace: name, key }
  }

  /** Creates the site's registry. */
  async addRegistry(
    { aws, namespace }: Site,
    ecr?: FailureCase['ecr'],
    spec: Record<string, unknown> = {},
  ): Promise<void> {
    const object = registries.ecr(namespace, registryName, { aws }, spec, ecr?.(aws))
    await this.bed.cp.admin.create(registries.path(namespace), object)
  }

  /** Versions of the site's registry that were seen so far, to wait for later ones only. */
  seen({ namespace }: Site): number {
    return this.registries.of(namespace, registryName).length
  }

  /** Waits for a version of the site's registry, among those after the first `after` ones. */
  untilRegistry(
    { namespace }: Site,
    what: string,
    fits: (object: RegistryView) => boolean,
    after = 0,
  ): Promise<RegistryView> {
    return this.registries.until(namespace, registryName, what, fits, after)
  }

  /** Versions of the site's pull Secret. */
  pullSecrets({ namespace }: Site): Version<SecretObject>[] {
    return this.secrets.of(namespace, registryName)
  }

  /** The Events of a site with this reason, as they are now. */
  eventsOf({ namespace }: Site, reason: string): EventObject[] {
    const latest = new Map<unknown, EventObject>()
    for (const { object } of this.events.all) {
      const { regarding, metadata } = object
      const isOfSite = regarding?.namespace === namespace && regarding.name === registryName
      if (object.reason === reason && isOfSite) latest.set(metadata?.uid, object)
    }
    return [...latest.values()]
  }

  /** Waits until a site's Events with this reason have told of it so often, in one object or several. */
  async untilTold(site: Site, reason: string, times: number): Promise<EventObject[]> {
    const told = (): number =>
      this.eventsOf(site, reason).reduce((sum, { series }) => sum + (series?.count ?? 1), 0)
    return eventually(
      `events ${reason} in ${site.namespace}, ${times} in all`,
      () => (told() === times ? this.eventsOf(site, reason) : undefined),
      told,
    )
  }

  /** Replaces the addresses that the server's policy allows; the admission policies keep those of the chart. */
  async setAllowed(upstreams: Iterable<FakeAws>): Promise<void> {
    const allowedEndpoints = [...upstreams].map(({ endpoint }) => new URL(endpoint).host).join('\n')
    await this.bed.cp.admin.patch(policyPath(this.bed), { data: { allowedEndpoints } })
  }

  /** What the fakes have handed out: passwords of ECR and secrets of sessions. */
  handedOut(): Record<string, string> {
    const secrets: Record<string, string> = {}
    for (const [name, { world }] of this.upstreams) {
      for (const { secretAccessKey, sessionToken } of world.keys.values()) {
        secrets[`secret of a session of ${name}`] = secretAccessKey
        if (sessionToken !== undefined) secrets[`session token of ${name}`] = sessionToken
      }
    }
    for (const [index, { object }] of this.secrets.all.entries()) {
      const config = object.data?.['.dockerconfigjson']
      const { auths = {} } = config === undefined ? {} : (JSON.parse(atob(config)) as DockerConfig)
      for (const { password } of Object.values(auths)) secrets[`password ${index}`] = password
    }
    return secrets
  }

  async close(): Promise<void> {
    await Promise.all([this.registries.close(), this.secrets.close(), this.events.close()])
    await this.bed.close()
    await Promise.all([...this.upstreams.values()].map((aws) => aws.close()))
  }
}

interface DockerConfig {
  auths?: Record<string, { password: string }>
}

/** Starts a bed with one fake AWS for each name. */
export async function startFailureBed(
  names: readonly string[],
  tokenLifetimeMs?: number,
): Promise<FailureBed> {
  const options = tokenLifetimeMs === undefined ? {} : { tokenLifetimeMs }
  const upstreams = new Map(
    await Promise.all(names.map(async (name) => [name, await startFakeAws(options)] as const)),
  )
  const allowedEndpoints = [...upstreams.values()].map(({ endpoint }) => new URL(endpoint).host)
  const bed = await startBed({ policy: { allowedEndpoints } })
  const recorders = await Promise.all([
    Recorder.start<RegistryView>(bed.cp, '/apis/tokenregistries.io/v1alpha1/tokenregistries'),
    Recorder.start<SecretObject>(bed.cp, '/api/v1/secrets'),
    Recorder.start<EventObject>(bed.cp, '/apis/events.k8s.io/v1/events'),
  ])
  return new FailureBed(bed, upstreams, recorders)
}

/** The condition CredentialIssued holds. */
export function isIssued(object: RegistryView): boolean {
  return condition(object, 'CredentialIssued')?.status === 'True'
}

/** Says that the last try failed, with this code. */
export function isFailing(object: RegistryView, code: string): boolean {
  const { status, reason } = condition(object, 'CredentialIssued') ?? {}
  return status === 'False' && reason === code
}

/** Every namespace can pull, whatever the last refresh said. */
export function isPullable(object: RegistryView): boolean {
  return condition(object, 'Ready')?.status === 'True'
}

/** Shown red by Rancher. */
export function isStalled(object: RegistryView): boolean {
  return condition(object, 'Ready')?.status === 'False' && condition(object, 'Stalled')?.status === 'True'
}
