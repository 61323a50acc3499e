// What the cards of the detail page tell: the password in use, and the Secret that pods pull with.
import type { Described } from './details'
import type { Translate } from './text'

/** A line of a card. */
export interface Fact {
  readonly label: string
  /** More about the label, on hover. */
  readonly help?: string
  readonly lines?: readonly string[]
  /** In place of lines: a time that is counted to or from; RFC 3339. */
  readonly time?: string
  /** A route of the Dashboard. */
  readonly to?: object
  readonly testId?: string
}

const words = 'tokenRegistries.detail'

/**
 * The card about the password that is in use.
 * @param provider its label
 */
export function credentialFacts({ spec, status }: Described, provider: string, t: Translate): Fact[] {
  const unknown = t(`${words}.overview.unknown`)
  const label = (name: string): string => t(`${words}.overview.${name}`)
  const issued = status?.issuedAt
  const keysEnd = spec?.credentials?.secret?.expiresAt
  return [
    { label: label('provider'), lines: [provider] },
    { label: label('hosts'), lines: status?.hosts?.length ? status.hosts : [unknown] },
    ...(status?.identity ? [{ label: label('identity'), lines: [status.identity] }] : []),
    { label: label('issued'), ...timeOr(issued, unknown) },
    { label: label('expires'), ...timeOr(status?.expiresAt, issued ? label('noEnd') : unknown) },
    {
      label: label('nextRefresh'),
      ...(spec?.suspend === true ? { lines: [label('noRefresh')] } : timeOr(status?.nextRefreshAt, unknown)),
    },
    ...(keysEnd ? [{ label: label('keysEnd'), time: keysEnd }] : []),
  ]
}

function timeOr(time: string | undefined, otherwise: string): Pick<Fact, 'time' | 'lines'> {
  return time ? { time } : { lines: [otherwise] }
}

/**
 * The card about the Secret that pods pull with.
 * @param project display name of the target project, or its id
 * @param to route of the one Secret, when there is one and the user may read it
 */
export function pullSecretFacts(
  { metadata, spec, status }: Described,
  { project, to }: { readonly project?: string; readonly to?: object },
  t: Translate,
): Fact[] {
  const label = (name: string): string => t(`${words}.overview.${name}`)
  const { attach = 'None', names = [] } = spec?.serviceAccounts ?? {}
  return [
    { label: label('name'), lines: [spec?.secret?.name || metadata.name], ...(to && { to }) },
    { label: label('where'), lines: [whereText()] },
    {
      label: label('serviceAccounts'),
      lines: [t(`${words}.overview.attach.${attach}`, { names: names.join(', ') })],
    },
    {
      label: label('deletion'),
      lines: [t(`${words}.overview.deletionPolicy.${spec?.deletionPolicy ?? 'Delete'}`)],
    },
  ]

  function whereText(): string {
    if (project !== undefined) return t(`${words}.overview.whereProject`, { project })
    if (metadata.namespace) return t(`${words}.overview.whereNamespace`, { namespace: metadata.namespace })
    const count = status?.targets?.desired
    return count === undefined ? label('unknown') : t(`${words}.overview.whereSelection`, { count })
  }
}
