import type { RegistryStatus } from '../generated/types'
import { translate } from '../test/translate'
import { condition, ecrSpec, healthyStatus, hours, noon, registryWith } from '../test/registry'
import type { DetailRegistry } from './details'
import { failureMessage, headlineNotes, refreshAsked } from './headline'
import { healthOf } from './health'
import { say } from './text'

const synced = condition('SecretsSynced', 'True', 'Synced')
const failing = condition('CredentialIssued', 'False', 'AccessDenied')

function notes(registry: DetailRegistry): string[] {
  return headlineNotes(registry, healthOf(registry, noon), noon).map((text) => say(translate, text, noon))
}

const refreshFails: RegistryStatus = {
  ...healthyStatus,
  conditions: [condition('Ready', 'True', 'Ready'), failing, synced],
  attempts: 3,
  nextRefreshAt: hours(0.25),
}

const asking = (value: string): Partial<DetailRegistry> => ({
  metadata: {
    name: 'images',
    namespace: 'shop',
    generation: 1,
    annotations: { 'tokenregistries.io/refresh-requested-at': value },
  },
})

describe('below the headline', () => {
  it('nothing stands while all is well', () => {
    expect(notes(registryWith(healthyStatus))).toEqual([])
    expect(failureMessage(healthOf(registryWith(healthyStatus), noon))).toBeUndefined()
  })

  it('nothing stands before the server has looked at the registry', () => {
    expect(notes(registryWith(undefined))).toEqual([])
  })

  it('a failing refresh says since when, how often, when the next try is, and what the server says', () => {
    const registry = registryWith(refreshFails)
    expect(notes(registry)).toEqual([
      'The last 3 tries failed, the first of them 2 h ago.',
      'The next try is in 15 min.',
    ])
    expect(failureMessage(healthOf(registry, noon))).toBe("AccessDenied: the server's words")
  })

  it('one failed try is told as one', () => {
    expect(notes(registryWith({ ...refreshFails, attempts: 1 }))[0]).toBe('The last try failed, 2 h ago.')
  })

  it('no next try is promised while the registry is suspended, nor one that is past', () => {
    expect(notes(registryWith(refreshFails, { ...ecrSpec, suspend: true }))).not.toContainEqual(
      expect.stringContaining('next try'),
    )
    expect(notes(registryWith({ ...refreshFails, nextRefreshAt: hours(-0.01) }))).not.toContainEqual(
      expect.stringContaining('next try'),
    )
  })

  it('namespaces that fail do not hide that the refresh fails too', () => {
    const notSynced = condition('SecretsSynced', 'False', 'NotOwner')
    const registry = registryWith({
      ...refreshFails,
      conditions: [condition('Ready', 'False', 'NotOwner'), failing, notSynced],
      targets: { desired: 3, synced: 2, failed: 1 },
    })
    expect(notes(registry).slice(0, 2)).toEqual([
      'New passwords cannot be fetched either.',
      translate('tokenRegistries.health.codes.AccessDenied'),
    ])
  })

  it('a declared end of the credentials is told beside another trouble, not beside itself', () => {
    const ending = (count: number) => ({
      ...ecrSpec,
      credentials: { secret: { name: 'key', expiresAt: hours(count) } },
    })
    expect(notes(registryWith(refreshFails, ending(48)))).toContain(
      'The credentials are declared to end in 2 d.',
    )
    expect(notes(registryWith(refreshFails, ending(-48)))).toContain(
      'The credentials were declared to end 2 d ago.',
    )
    expect(notes(registryWith(refreshFails, ending(31 * 24)))).not.toContainEqual(
      expect.stringContaining('declared'),
    )
    expect(notes(registryWith(healthyStatus, ending(48)))).toEqual([])
  })

  it('a refresh that was asked for stands until the server has answered it', () => {
    const asked = registryWith(healthyStatus, ecrSpec, asking('now-1'))
    expect(refreshAsked(asked)).toBe(true)
    expect(notes(asked)).toEqual(['A refresh was asked for. The server has not answered yet.'])
    const answered = { ...healthyStatus, lastHandledRefreshRequest: 'now-1' }
    expect(notes(registryWith(answered, ecrSpec, asking('now-1')))).toEqual([])
    expect(refreshAsked(registryWith(answered, ecrSpec, asking('now-2')))).toBe(true)
  })
})
