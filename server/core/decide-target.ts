import type { ErrorCode } from './errors.ts'
import {
  adoptByAny,
  annotations,
  labels,
  managedByValue,
  pullSecretType,
  rancherCopyAnnotation,
} from './names.ts'
import type { RenderedSecret } from './render.ts'

/** What the cache knows of a Secret that carries our label. Never its payload. */
export interface KnownSecret {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly resourceVersion: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** Hash of the pull entry as last read or written; undefined when it changed since and was not read again. */
  readonly payloadHash: string | undefined
  /** Why it cannot be written although it carries our label, as last read. */
  readonly obstacle: 'type' | 'immutable' | undefined
}

/** What to do about one Secret. `blocked` is shown to people as the failure of that namespace. */
export type TargetDecision =
  | { readonly action: 'none' }
  | { readonly action: 'create' }
  | { readonly action: 'update' }
  /** Its content is unknown: read it, then decide again. */
  | { readonly action: 'read' }
  | { readonly action: 'blocked'; readonly code: ErrorCode; readonly message: string }

/** All that the decision depends on. `existing` is undefined when no Secret of that name has our label. */
export interface TargetWorld {
  readonly namespace: string
  readonly existing: KnownSecret | undefined
  readonly desired: RenderedSecret
  /** Owner text of the older registry that wants the same Secret, if there is one. */
  readonly claimedBy: string | undefined
}

/** Pure: what to do about one Secret in one namespace. First line that applies wins. */
export function decideTarget({ namespace, existing, desired, claimedBy }: TargetWorld): TargetDecision {
  if (claimedBy !== undefined) return blocked(namespace, desired.name, claimText(claimedBy))
  if (existing === undefined) return { action: 'create' } // one in the way without our label shows as AlreadyExists
  if (isRancherCopy(existing.annotations)) return blocked(namespace, desired.name, rancherCopyText)
  if (existing.payloadHash === undefined) return { action: 'read' }
  if (existing.obstacle !== undefined)
    return blocked(namespace, desired.name, obstacleText[existing.obstacle])
  if (existing.payloadHash !== desired.payloadHash) return { action: 'update' }
  return marksEqual(existing, desired) ? { action: 'none' } : { action: 'update' }
}

/** What a person must know and do about a Secret that is in the way. */
export const obstacleText = {
  type: `has another type than ${pullSecretType} and a type cannot be changed; delete it, or set spec.secret.name to another name`,
  immutable: 'was made immutable by somebody; delete it, and it is written anew',
} as const

const rancherCopyText =
  "is a copy of one of Rancher's project-scoped secrets, which Rancher writes back; rename that secret, or set spec.secret.name to another name"

const claimText = (owner: string): string =>
  `belongs to the older ${owner}; set spec.secret.name to another name, or delete that registry and this one takes over`

/** Leaves a Secret alone, as NotOwner. `text` goes on after "Secret <namespace>/<name> ". */
export function blocked(
  namespace: string,
  name: string,
  text: string,
): Extract<TargetDecision, { action: 'blocked' }> {
  return { action: 'blocked', code: 'NotOwner', message: `Secret ${namespace}/${name} ${text}` }
}

/** A foreign Secret under the name that we want, as read just now. */
export interface SecretInTheWay {
  readonly type: string | undefined
  readonly immutable: boolean
  readonly annotations: Readonly<Record<string, string>>
  /** Who manages it, as far as its marks say. */
  readonly managedBy: string | undefined
  /** Hosts in its `auths`, normalised; undefined when it cannot be read as such. */
  readonly hosts: readonly string[] | undefined
}

/**
 * Pure: whether a foreign Secret may be taken over in place. Only when its owner annotated it for this registry, and
 * only when nothing is lost by it.
 */
export function decideAdoption(
  found: SecretInTheWay,
  wanted: { namespace: string; name: string; registryName: string; hosts: readonly string[] },
): { action: 'adopt' } | Extract<TargetDecision, { action: 'blocked' }> {
  const no = (text: string): ReturnType<typeof blocked> => blocked(wanted.namespace, wanted.name, text)
  if (isRancherCopy(found.annotations)) return no(rancherCopyText)
  const offer = found.annotations[annotations.adopt]
  const handedOver = offer === wanted.registryName || offer === adoptByAny
  if (!handedOver) {
    return no(
      `${whoseText(found.managedBy)} and was left as it is; to hand it over, annotate it ${annotations.adopt}=${wanted.registryName}, or set spec.secret.name to another name`,
    )
  }
  if (found.type !== pullSecretType) return no(obstacleText.type)
  if (found.immutable) return no(obstacleText.immutable)
  const lost = (found.hosts ?? []).filter((host) => !wanted.hosts.includes(host))
  if (lost.length > 0) {
    return no(
      `is annotated for adoption, but holds passwords for ${lost.slice(0, 5).join(', ')}, which this registry does not serve and which would be lost; move them to another Secret, or add the hosts to spec.provider`,
    )
  }
  return { action: 'adopt' }
}

function whoseText(managedBy: string | undefined): string {
  if (managedBy === undefined) return 'is not managed by token-registries'
  // We wrote it once, and somebody took it out of our hands.
  if (managedBy === managedByValue) return `has lost its label ${labels.managedBy}`
  return `is managed by ${managedBy}`
}

/** `https://host/v1/` and `host` are one key to the kubelet. */
export function normaliseHost(key: string): string {
  return key
    .replace(/^https?:\/\//, '')
    .replace(/\/(v1|v2)\/?$/, '')
    .replace(/\/$/, '')
}

function isRancherCopy(marks: Readonly<Record<string, string>>): boolean {
  return marks[rancherCopyAnnotation] === 'true'
}

/** Foreign labels and annotations are left alone, so only ours are compared. */
export function marksEqual(
  existing: Pick<KnownSecret, 'labels' | 'annotations'>,
  desired: RenderedSecret,
): boolean {
  const holds = (
    wanted: Readonly<Record<string, string>>,
    actual: Readonly<Record<string, string>>,
  ): boolean => Object.entries(wanted).every(([key, value]) => actual[key] === value)
  return holds(desired.labels, existing.labels) && holds(desired.annotations, existing.annotations)
}

/** Whether an object carries our label. Stripped = released: it is then somebody else's. */
export function isOurs(meta: { labels?: Readonly<Record<string, string>> | undefined } | undefined): boolean {
  return meta?.labels?.[labels.managedBy] === managedByValue
}
