import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SecretView } from '../integration/harness.ts'
import type { Version } from './observer.ts'
import type { Site } from './site.ts'
import { judgeSite } from './witness.ts'

const second = (count: number): string => `2026-03-02T12:00:0${count}Z`

/** A pull Secret of ours as it is `count` seconds after noon. */
function version(count: number, over: { password?: string; uid?: string; labels?: object } = {}): SecretView {
  const { password = `the password of second ${count}`, uid = 'uid-1' } = over
  const auth = Buffer.from(`AWS:${password}`).toString('base64')
  const config = { auths: { 'registry.example.com': { username: 'AWS', password, auth } } }
  return {
    metadata: {
      namespace: 'chaos1x-a',
      name: 'pull',
      uid,
      resourceVersion: String(count),
      labels: (over.labels ?? { 'app.kubernetes.io/managed-by': 'token-registries' }) as Record<
        string,
        string
      >,
      annotations: {
        'tokenregistries.io/issued-at': second(count),
        'tokenregistries.io/expires-at': second(count),
      },
    },
    data: { '.dockerconfigjson': Buffer.from(JSON.stringify(config)).toString('base64') },
  }
}

const seen = (object: SecretView): Version<SecretView> => ({ type: 'MODIFIED', object })
const deleted = (object: SecretView): Version<SecretView> => ({ type: 'DELETED', object })

interface Facts {
  readonly mayVanish?: readonly string[]
  readonly foreign?: readonly string[]
  readonly log?: readonly string[]
  readonly users?: ReadonlyMap<string, unknown>
}

function rules(versions: readonly Version<SecretView>[], facts: Facts = {}): string[] {
  const site = {
    id: 'chaos1x',
    secrets: { versions },
    mayVanish: new Set(facts.mayVanish),
    foreignVersions: new Set(facts.foreign),
    users: facts.users ?? new Map(),
    replicas: [{ name: 'server-0', log: facts.log ?? [] }],
  }
  return judgeSite(site as unknown as Site).map(({ rule }) => rule)
}

const emptied = (count: number): SecretView => ({ ...version(count), data: { '.dockerconfigjson': 'e30=' } })

describe('the witness', () => {
  it('has nothing to say of a Secret that only gets newer', () => {
    assert.deepEqual(rules([seen(version(1)), seen(version(1)), seen(version(2)), seen(version(3))]), [])
  })

  it('sees one that was absent, and what came in its place', () => {
    const history = [seen(version(1)), deleted(version(1)), seen(version(2, { uid: 'uid-2' }))]
    assert.deepEqual(rules(history), ['absent', 'new uid'])
    assert.deepEqual(rules(history, { mayVanish: ['chaos1x-a/pull'] }), [])
    assert.deepEqual(rules(history, { mayVanish: ['chaos1x-a'] }), [])
  })

  it('sees one without a usable password', () => {
    assert.deepEqual(rules([seen(version(1)), seen(emptied(2))]), ['malformed'])
    const broken = { ...version(2), data: { '.dockerconfigjson': 'eyJhdXRocyI6' } }
    assert.deepEqual(rules([seen(version(1)), seen(broken)]), ['malformed'])
  })

  it('sees one that became older, by its times', () => {
    assert.deepEqual(rules([seen(version(2)), seen(version(1))]), ['older than before', 'older than before'])
  })

  it('sees one that became older within a second, by its payload', () => {
    const history = ['one', 'two', 'one'].map((password) =>
      seen(version(1, { password: `the password ${password}` })),
    )
    assert.deepEqual(rules(history), ['older than before'])
  })

  it('compares over what somebody else wrote in between', () => {
    const history = [seen(version(2)), seen(emptied(3)), seen(version(1))]
    assert.deepEqual(rules(history, { foreign: ['3'] }), ['older than before', 'older than before'])
  })

  it('leaves alone what is not, or no longer, ours', () => {
    const given = version(2, { labels: {} })
    assert.deepEqual(rules([seen(version(1)), seen(given), deleted(given)]), [])
    assert.deepEqual(rules([seen(given), seen({ ...given, data: {} })]), [])
  })

  it('sees what the server itself calls a defect', () => {
    const log = ['{"level":"error","msg":"writing a Secret failed unexpectedly"}', '{"msg":"started"}']
    assert.deepEqual(rules([], { log }), ['unexpected end'])
  })

  it('sees a password or a key in a log', () => {
    const password = 'the password of second 1'
    const log = [`{"msg":"${Buffer.from(password).toString('base64')}"}`]
    assert.deepEqual(rules([seen(version(1))], { log }), ['canary'])
    const users = new Map([['own', { secretAccessKey: 'a secret access key' }]])
    assert.deepEqual(rules([], { users, log: ['{"msg":"a secret access key"}'] }), ['canary'])
  })
})
