import { ecrSpec, healthyStatus, hours, registryWith } from '../test/registry'
import { pullSecretName, targetsOf, type PullSecretObject } from './targets'

function secret(namespace: string, issued = hours(-5), name = 'images'): PullSecretObject {
  return {
    metadata: {
      name,
      namespace,
      annotations: { 'tokenregistries.io/issued-at': issued, 'tokenregistries.io/expires-at': hours(7) },
    },
  }
}

const project = { ...ecrSpec, target: { project: 'local:p-1' } }
const served = (desired: number, failed = 0): object => ({
  ...healthyStatus,
  targets: { desired, synced: desired - failed, failed },
})
const failure = { namespace: 'c', reason: 'NotOwner', message: 'somebody else owns it', since: hours(-1) }

describe('namespaces of a registry', () => {
  it('come from the Secrets and from the failures, those in trouble first', () => {
    const registry = registryWith({ ...served(4, 1), failures: [failure] }, project)
    const { rows, unseen, unlistedFailures } = targetsOf(registry, [
      secret('d'),
      secret('b'),
      secret('a', hours(-13)),
    ])
    expect(rows.map(({ namespace, state }) => `${namespace} ${state}`)).toEqual([
      'c failed',
      'a outdated',
      'b current',
      'd current',
    ])
    expect(rows[0]).toMatchObject({ reason: 'NotOwner', message: 'somebody else owns it', since: hours(-1) })
    expect(rows[2]).toMatchObject({ secret: 'images', expiresAt: hours(7) })
    expect({ unseen, unlistedFailures }).toEqual({ unseen: 0, unlistedFailures: 0 })
  })

  it('say failed, and still name the Secret that is there', () => {
    const registry = registryWith({ ...served(1, 1), failures: [failure] }, project)
    expect(targetsOf(registry, [secret('c', hours(-13))]).rows).toEqual([
      expect.objectContaining({ namespace: 'c', state: 'failed', secret: 'images', reason: 'NotOwner' }),
    ])
  })

  it('count what the user cannot see and what status does not list', () => {
    const registry = registryWith(
      { ...healthyStatus, targets: { desired: 50, synced: 20, failed: 25 }, failures: [failure] },
      project,
    )
    expect(targetsOf(registry, [secret('a'), secret('b')])).toMatchObject({
      unseen: 47,
      unlistedFailures: 24,
    })
  })

  it('never count below nothing when a Secret is left of a namespace that is served no more', () => {
    expect(targetsOf(registryWith(served(1), project), [secret('a'), secret('b')]).unseen).toBe(0)
  })

  it('are the failing ones alone when the user may not list Secrets', () => {
    const registry = registryWith({ ...served(3, 1), failures: [failure] }, project)
    const { rows, unseen } = targetsOf(registry, undefined)
    expect(rows.map(({ namespace }) => namespace)).toEqual(['c'])
    expect(unseen).toBe(2)
  })

  it('name the own namespace that waits for its Secret, of a registry that serves no other', () => {
    expect(targetsOf(registryWith(served(1)), []).rows).toMatchObject([
      { namespace: 'shop', state: 'waiting' },
    ])
    expect(targetsOf(registryWith(served(1)), [secret('shop')]).rows).toMatchObject([{ state: 'current' }])
    expect(targetsOf(registryWith(served(1)), undefined).rows).toEqual([])
    expect(targetsOf(registryWith(served(1), project), []).rows).toEqual([])
  })

  it('are told before the server has looked at the registry', () => {
    expect(targetsOf(registryWith(undefined), [])).toEqual({
      rows: [{ namespace: 'shop', state: 'waiting', rank: 1 }],
      unseen: 0,
      unlistedFailures: 0,
    })
    expect(targetsOf(registryWith(undefined, project), [secret('a')]).rows).toMatchObject([
      { state: 'current' },
    ])
  })

  it('take a Secret without our times for current', () => {
    const bare = { metadata: { name: 'images', namespace: 'a', annotations: null } }
    expect(targetsOf(registryWith(served(1), project), [bare]).rows[0]).toMatchObject({ state: 'current' })
  })
})

describe('name of the pull Secret', () => {
  it('is the one of the spec, else the name of the registry', () => {
    expect(pullSecretName(registryWith(healthyStatus))).toBe('images')
    expect(pullSecretName(registryWith(healthyStatus, { ...ecrSpec, secret: { name: 'pull' } }))).toBe('pull')
  })
})
