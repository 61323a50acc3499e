import { readFileSync } from 'fs'
import { join } from 'path'
import type { Condition, RegistryStatus } from '../generated/types'
import { translate } from '../test/translate'
import { codeText } from './codes'
import { healthOf, timesOf, type Health, type Judged } from './health'
import { say } from './text'

const now = new Date('2026-03-01T12:00:00Z')
const s = 1000
const min = 60 * s
const h = 60 * min
const at = (ms: number): string => new Date(now.getTime() + ms).toISOString()

function condition(type: string, status: Condition['status'], reason: string, since = -h): Condition {
  return { type, status, reason, message: `${reason} it says`, lastTransitionTime: at(since) }
}

const ready = condition('Ready', 'True', 'Ready')
const issued = condition('CredentialIssued', 'True', 'Issued')
const synced = condition('SecretsSynced', 'True', 'Synced')
const notIssued = condition('CredentialIssued', 'False', 'AccessDenied')
const targets = { desired: 12, synced: 12, failed: 0 }

/** A registry that works, for 7 h yet, with what the case changes. */
function registry(status: Partial<RegistryStatus>, spec: Judged['spec'] = {}): Judged {
  const live = { issuedAt: at(-5 * h), expiresAt: at(7 * h), nextRefreshAt: at(3 * h) }
  return {
    metadata: { generation: 2 },
    spec,
    status: { observedGeneration: 2, conditions: [ready, issued, synced], targets, ...live, ...status },
  }
}

function stalledBy(reason: string, since = -h): Condition[] {
  return [
    condition('Ready', 'False', reason, since),
    condition('CredentialIssued', 'False', reason, since),
    synced,
    condition('Stalled', 'True', reason, since),
  ]
}

const none = { issuedAt: undefined, expiresAt: undefined, nextRefreshAt: undefined }
const endless = { expiresAt: undefined, nextRefreshAt: undefined }
const keysEnd = (ms: number): Judged['spec'] => ({ credentials: { secret: { expiresAt: at(ms) } } })

const cases: readonly (readonly [string, Judged, string])[] = [
  [
    'a new object',
    { metadata: { generation: 1 }, spec: {} },
    'info pending: The server has not looked at it yet.',
  ],
  [
    'a new object that nobody looks at',
    { metadata: { generation: 1, creationTimestamp: at(-2 * min) }, spec: {} },
    'warning overdue: It was created 2 min ago and the server has not looked at it yet. It may be down.',
  ],
  [
    'an object that was created a minute ago',
    { metadata: { generation: 1, creationTimestamp: at(-2 * min + s) }, spec: {} },
    'info pending: The server has not looked at it yet.',
  ],
  [
    'a changed spec that nobody applies',
    registry({ observedGeneration: 1, nextRefreshAt: at(-20 * min) }),
    'warning overdue: The refresh was due 20 min ago and the server has not reported since. It may be down. Pulls work for 7 h.',
  ],
  [
    'a status without conditions',
    { metadata: { generation: 1 }, status: {} },
    'info pending: The server has not looked at it yet.',
  ],
  ['a changed spec', registry({ observedGeneration: 1 }), 'info pending: The change is being applied.'],
  [
    'a changed spec of a registry that had failed',
    registry({ ...none, observedGeneration: 1, conditions: stalledBy('WrongTarget') }),
    'info pending: The change is being applied.',
  ],
  [
    'the first call under way',
    registry({
      ...none,
      conditions: [
        condition('Ready', 'False', 'Progressing'),
        condition('CredentialIssued', 'Unknown', 'Progressing'),
      ],
      targets: { desired: 12, synced: 0, failed: 0 },
    }),
    'info pending: The first password has been asked for. [Progressing]',
  ],
  [
    'the fan-out under way',
    registry({
      conditions: [
        condition('Ready', 'False', 'Progressing'),
        issued,
        condition('SecretsSynced', 'False', 'Progressing'),
      ],
      targets: { desired: 12, synced: 3, failed: 0 },
    }),
    'info syncing: The password is being written: 3 of 12 namespaces have it. [Progressing]',
  ],
  [
    'everything well',
    registry({}),
    'success ready: Pulls work in 12 of 12 namespaces. Next refresh in 3 h. [Ready]',
  ],
  [
    'one namespace, well',
    registry({ targets: { desired: 1, synced: 1, failed: 0 } }),
    'success ready: Pulls work in 1 namespace. Next refresh in 3 h. [Ready]',
  ],
  [
    'a refresh that is due',
    registry({ nextRefreshAt: at(-min) }),
    'success ready: Pulls work in 12 of 12 namespaces. The next refresh is due now. [Ready]',
  ],
  [
    'a password without an end',
    registry(endless),
    'success ready: Pulls work in 12 of 12 namespaces. The password states no end. [Ready]',
  ],
  [
    'an end and no refresh',
    registry({ nextRefreshAt: undefined }),
    'success ready: Pulls work in 12 of 12 namespaces for 7 h. [Ready]',
  ],
  [
    'a selection that matches nothing',
    registry({ targets: { desired: 0, synced: 0, failed: 0 } }),
    'info unused: No namespace matches the selection, so nothing is written.',
  ],
  [
    'keys whose declared end is 12 d away',
    registry({}, keysEnd(12 * 24 * h + min)),
    'warning keysEnd: Pulls work, but the credentials behind them are declared to end in 12 d. Put new ones into their Secret and move the date.',
  ],
  [
    'keys whose declared end is far away',
    registry({}, keysEnd(31 * 24 * h)),
    'success ready: Pulls work in 12 of 12 namespaces. Next refresh in 3 h. [Ready]',
  ],
  [
    'keys whose declared end has passed',
    registry({}, keysEnd(-3 * h)),
    'warning keysEnd: Pulls work, but the credentials behind them were declared to end 3 h ago. Put new ones into their Secret and move the date.',
  ],
  [
    'a refresh that nobody began',
    registry({ nextRefreshAt: at(-20 * min) }),
    'warning overdue: The refresh was due 20 min ago and the server has not reported since. It may be down. Pulls work for 7 h.',
  ],
  [
    'a refresh of an endless password that nobody began',
    registry({ expiresAt: undefined, nextRefreshAt: at(-20 * min) }),
    'warning overdue: The refresh was due 20 min ago and the server has not reported since. It may be down. Pulls work with the last password.',
  ],
  [
    'a refresh that fails',
    registry({ conditions: [ready, notIssued, synced] }),
    'warning refreshFails: The refresh fails. Pulls work for 7 h. [AccessDenied]',
  ],
  [
    'a refresh of an endless password that fails',
    registry({ ...endless, conditions: [ready, notIssued, synced] }),
    'warning refreshFails: The refresh fails. Pulls work with the last password. [AccessDenied]',
  ],
  [
    'some namespaces failing',
    registry({
      conditions: [
        condition('Ready', 'False', 'NotOwner'),
        issued,
        condition('SecretsSynced', 'False', 'NotOwner'),
      ],
      targets: { desired: 12, synced: 11, failed: 1 },
    }),
    'warning partial: 11 of 12 namespaces have the current password. 1 namespace could not be served. [NotOwner]',
  ],
  [
    'suspended with life left',
    registry({}, { suspend: true }),
    'info suspended: Suspended. Nothing is refreshed, and pulls work for 7 h. [Ready]',
  ],
  [
    'suspended with an endless password',
    registry(endless, { suspend: true }),
    'info suspended: Suspended. Nothing is refreshed, and pulls work with the last password. [Ready]',
  ],
  [
    'suspended from the start',
    registry(
      {
        ...none,
        conditions: [
          condition('Ready', 'False', 'Suspended'),
          condition('CredentialIssued', 'False', 'Suspended'),
        ],
      },
      { suspend: true },
    ),
    'warning suspended: Suspended before a password was issued. There is nothing to pull with. [Suspended]',
  ],
  [
    'never issued',
    registry({ ...none, conditions: stalledBy('CredentialsInvalid') }),
    'error neverIssued: Pulls do not work. No password was ever issued. [CredentialsInvalid]',
  ],
  [
    'new hosts that no password could be had for',
    registry({ conditions: stalledBy('WrongTarget') }),
    'error outdated: No password was issued for the hosts that are named now. The Secrets in place serve the hosts of before. [WrongTarget]',
  ],
  [
    'a use that the policy forbids, with life left',
    registry({ conditions: stalledBy('NotAllowed') }),
    "error refused: The use of this registry is refused. It stays so until the registry or the administrator's policy is changed. [NotAllowed]",
  ],
  [
    'expired, as the server says',
    registry({ expiresAt: at(-5 * min), conditions: stalledBy('Unavailable', -5 * min) }),
    'error expired: Pulls fail. The password expired 5 min ago. [Unavailable]',
  ],
  [
    "expired by the server's clock, while the browser's is behind",
    registry({ expiresAt: at(30 * s), conditions: stalledBy('Unavailable', 30 * s) }),
    'error expired: Pulls fail. The password expired under 1 min ago. [Unavailable]',
  ],
  [
    'expired while suspended',
    registry(
      { expiresAt: at(-2 * h), conditions: stalledBy('CredentialsExpired', -2 * h) },
      { suspend: true },
    ),
    'error expired: Pulls fail. The password expired 2 h ago while the registry is suspended. Resume it. [CredentialsExpired]',
  ],
  [
    'expired a second ago, before the server could say so',
    registry({ expiresAt: at(-s) }),
    'error expired: Pulls fail. The password expired under 1 min ago. [CredentialsExpired]',
  ],
  [
    'expired while the server is down',
    registry({ expiresAt: at(-5 * min) }),
    'error expired: Pulls fail. The password expired 5 min ago and the server has not reported since. It may be down. [CredentialsExpired]',
  ],
  [
    'expired, with a change that nobody applies',
    registry({ expiresAt: at(-5 * min), observedGeneration: 1 }),
    'error expired: Pulls fail. The password expired 5 min ago and the server has not reported since. It may be down. [CredentialsExpired]',
  ],
]

function inWords({ colour, state, sentence, reason }: Health): string {
  const because = reason === undefined ? '' : ` [${reason}]`
  return `${colour} ${state}: ${say(translate, sentence, now)}${because}`
}

describe('what conditions mean', () => {
  it.each(cases)('%s', (_name, object, words) => {
    const health = healthOf(object, now)
    expect(inWords(health)).toBe(words)
    expect(say(translate, health.badge, now)).not.toBe('')
  })

  it('shows what the server wrote, and says what its code means', () => {
    const health = healthOf(registry({ conditions: [ready, notIssued, synced] }), now)
    expect(health.message).toBe('AccessDenied it says')
    expect(say(translate, health.explanation!, now)).toBe(
      'The identity is known, but it may not do this. Give it the missing right.',
    )
  })

  it('explains no failure where there is none', () => {
    expect(healthOf(registry({}), now).explanation).toBeUndefined()
  })

  it('names the times that a clock has to watch', () => {
    const times = timesOf(registry({ nextRefreshAt: undefined }, keysEnd(h)))
    expect(times.map((time) => time.toISOString())).toEqual([at(7 * h), at(h)])
    const metadata = { creationTimestamp: at(-min) }
    expect(timesOf({ metadata })).toEqual([new Date(at(-min))])
    expect(timesOf({ ...registry(endless), metadata })).toEqual([])
  })
})

describe('codes', () => {
  const source = readFileSync(join(__dirname, '../../../server/core/errors.ts'), 'utf8')
  const list = /export const errorCodes = \[(.*?)\] as const/s.exec(source)?.[1] ?? ''
  const codes = [...list.matchAll(/'(\w+)'/g)].map((match) => match[1] as string)

  it('of the server are all there', () => expect(codes).toHaveLength(16))

  it.each(codes)('%s has a sentence', (code) => {
    const text = codeText(code)
    expect(text?.key).toBe(`tokenRegistries.health.codes.${code}`)
    expect(say(translate, text!, now)).toMatch(/^[A-Z].+\.$/)
  })

  it('that are newer than the page have none', () => {
    expect(codeText('FromTheFuture')).toBeUndefined()
    expect(codeText('toString')).toBeUndefined()
    expect(codeText(undefined)).toBeUndefined()
  })
})
