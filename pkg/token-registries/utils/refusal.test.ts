// Against what the real API server and Steve answered: test/api/refusals.test.ts keeps the file true.
import { formTokenRegistry } from '../generated/form'
import { translate } from '../test/translate'
import { say } from './form-message'
import { readRefusal } from './refusal'

const refusals: { name: string; status: number; body: object }[] = require('../test/refusals.json')

/** What a user reads, field by field; '' is above the form. */
function read(error: unknown): Record<string, string> {
  const { fields, general } = readRefusal(error, formTokenRegistry)
  const words = (message: Parameters<typeof say>[0]) => say(message, translate)
  return Object.fromEntries([
    ...fields.map(({ path, message }) => [path, words(message)]),
    ...(general.length > 0 ? [['', general.map(words).join(' ')]] : []),
  ])
}

function refused(name: string): object {
  const found = refusals.find((refusal) => refusal.name === name)
  if (!found) throw new Error(`no refusal ${name}`)
  return { ...found.body, _status: found.status }
}

const several = {
  'spec.credentials.secret.name': 'Required',
  'spec.deletionPolicy': 'Must be one of: "Delete", "Retain"',
  'spec.provider.ecr.region': 'must be an AWS region such as eu-west-1',
  'spec.provider.ecr.accounts[0]': 'should be at least 12 chars long',
}
const rules = {
  'spec.provider.ecr.accounts':
    'accounts is empty: name at least one AWS account in accounts, or a host name in hosts',
  'spec.provider.ecr.fips':
    'fips is true, but ECR has FIPS endpoints in US regions only: set fips to false or use a us- region',
}
const serverIdentity = {
  'spec.credentials.serverIdentity': expect.stringMatching(
    /^the administrator's policy does not let namespace shop use the server's own identity/,
  ),
}
const unknown = {
  '': expect.stringMatching(/spec\.provider\.ecr\.partition.*spec\.schedule/),
}
const taken = { 'metadata.name': expect.stringMatching(/already/) }

describe('a refusal', () => {
  const table: [name: string, shown: Record<string, unknown>][] = [
    ['several fields', several],
    ['several fields, by Steve', several],
    ['rules', rules],
    ['rules, by Steve', rules],
    ['a rule on update', { 'spec.refresh.interval': 'interval must be from 5m to 720h' }],
    [
      'a value of a map',
      { 'spec.secret.labels.shop.example/team': expect.stringMatching(/^must be a label value/) },
    ],
    ['unknown fields', unknown],
    ['unknown fields, by Steve', unknown],
    ['a bad name', { 'metadata.name': expect.stringMatching(/^a lowercase RFC 1123 subdomain must/) }],
    ['a name that is taken', taken],
    ['a name that is taken, by Steve', taken],
    ['changed meanwhile', { '': expect.stringMatching(/changed/) }],
    ['a policy: server identity', serverIdentity],
    ['a policy: server identity, by Steve', serverIdentity],
    [
      'a policy: endpoint',
      { 'spec.provider.ecr.endpoint': expect.stringMatching(/^the administrator's policy does not list/) },
    ],
    [
      'a policy: no member of the project',
      { 'spec.target.project': expect.stringMatching(/^only owners and members of project local:p-shop/) },
    ],
    [
      'a policy: another project',
      { 'spec.target.project': expect.stringMatching(/^namespace free is not in project local:p-shop/) },
    ],
    [
      'a policy: Secret of others',
      { 'spec.credentials.secret.name': expect.stringMatching(/^you may not read Secret shop\/login/) },
    ],
    [
      'a policy: ServiceAccounts of others',
      {
        'spec.serviceAccounts.attach': expect.stringMatching(/^All needs the right to patch ServiceAccounts/),
      },
    ],
    ['no right', { '': expect.stringMatching(/right.*User "u-viewer" cannot create resource/) }],
    ['no right, by Steve', { '': expect.stringMatching(/right.*Method POST not supported/) }],
    ['a full quota', { '': expect.stringMatching(/quota.*exceeded quota: none/i) }],
    ['no such namespace', { '': expect.stringMatching(/namespaces "nowhere" not found/) }],
  ]

  it.each(table)('is read: %s', (name, shown) => expect(read(refused(name))).toEqual(shown))

  it('is read, each one that the real servers gave', () => {
    expect(table.map(([name]) => name)).toEqual(refusals.map(({ name }) => name))
  })

  it('of an update in conflict and of a name that is taken can be told apart', () => {
    expect(readRefusal(refused('changed meanwhile'), formTokenRegistry).kind).toBe('conflict')
    expect(readRefusal(refused('a name that is taken, by Steve'), formTokenRegistry).kind).toBe('exists')
    expect(readRefusal(refused('no right'), formTokenRegistry).kind).toBe('refused')
  })

  it('without an answer says that nobody knows', () => {
    const error = Object.assign(new Error('Network Error'), { code: 'ERR_NETWORK' })
    expect(readRefusal(error, formTokenRegistry).kind).toBe('unreachable')
    expect(read(error)).toEqual({ '': expect.stringMatching(/no answer/i) })
  })

  it.each([
    [{ _status: 401, message: 'must authenticate' }, /logged in/i],
    [{ _status: 404, data: '' }, /404/],
    [{ _status: 500, message: 'etcdserver: request timed out' }, /etcdserver: request timed out/],
    [{ _status: 400, message: 'the body is no JSON' }, /the body is no JSON/],
  ])('of another kind is shown above the form: %j', (error, words) => {
    expect(read(error)).toEqual({ '': expect.stringMatching(words) })
  })

  it('by a policy of somebody else is shown above the form', () => {
    const message =
      'tokenregistries.tokenregistries.io "a" is forbidden: ValidatingAdmissionPolicy \'no-friday\' with binding ' +
      "'no-friday' denied request: not on a Friday"
    expect(read({ _status: 403, reason: 'Forbidden', message })).toEqual({ '': 'not on a Friday' })
  })

  it('of a field that only this page knows is shown at it', () => {
    const message =
      'TokenRegistry in version "v1alpha1" cannot be handled as a TokenRegistry: strict decoding error: unknown field "spec.suspend"'
    expect(read({ _status: 400, code: 'BadRequest', message })).toEqual({
      'spec.suspend': expect.stringMatching(/does not know/),
    })
  })
})
