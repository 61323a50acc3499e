// What can happen next: somebody changes something, or something breaks. Each is a few lines on the model and the site.
import fc from 'fast-check'
import { refusal, type Effect, type ProxiedRequest } from '../../fakes/api-proxy.ts'
import type { FaultName } from '../../fakes/aws/index.ts'
import { registries } from '../../integration/harness.ts'
import type { Site } from '../site.ts'
import type { Model } from './model.ts'

export type Command = fc.AsyncCommand<Model, Site>

interface Step {
  /** How it stands in a counterexample. */
  readonly label: string
  /** Whether it makes sense now. Default: always. */
  readonly possible?: (model: Readonly<Model>) => boolean
  /** Changes what is wanted or what is there, so that work is under way. Default true. */
  readonly disturbs?: boolean
  readonly act: (site: Site, model: Model) => unknown
}

function command({ label, possible = () => true, disturbs = true, act }: Step): Command {
  return {
    check: (model) => possible(model),
    run: async (model, site) => {
      if (disturbs) model.quiet = false
      await act(site, model)
    },
    toString: () => label,
  }
}

const one = (step: Step): fc.Arbitrary<Command> => fc.constant(command(step))
const names = fc.constantFrom('a', 'b', 'c', 'late')
const namespacePath = (site: Site, name: string): string => `/api/v1/namespaces/${site.full(name)}`
const ownPath = (site: Site): string => registries.path(site.full('own'), 'own')
const keysPath = (site: Site): string => `/api/v1/namespaces/${site.full('own')}/secrets`

function mayVanish(site: Site, namespace: string, secret = site.full('base')): void {
  site.mayVanish.add(`${site.full(namespace)}/${secret}`)
}

/** What people do with namespaces. */
const namespaceCommands: readonly fc.Arbitrary<Command>[] = [
  names.map((name) =>
    command({
      label: `make ${name}`,
      possible: ({ namespaces }) => !namespaces.has(name),
      async act(site, { namespaces }) {
        await site.cp.admin.waitUntilGone(namespacePath(site, name))
        await site.addNamespace(name)
        namespaces.set(name, { selected: true, overwritten: 0 })
      },
    }),
  ),
  names.map((name) =>
    command({
      label: `delete ${name}`,
      possible: ({ namespaces }) => namespaces.has(name),
      async act(site, { namespaces }) {
        site.mayVanish.add(site.full(name))
        namespaces.delete(name)
        await site.cp.admin.delete(namespacePath(site, name))
      },
    }),
  ),
  names.map((name) =>
    command({
      label: `select ${name}, or no longer`,
      possible: ({ namespaces }) => namespaces.has(name),
      async act(site, { namespaces }) {
        const known = namespaces.get(name) ?? { selected: false, overwritten: 0 }
        mayVanish(site, name)
        namespaces.set(name, { ...known, selected: !known.selected })
        const labels = { chaos: known.selected ? null : site.id }
        await site.cp.admin.patch(namespacePath(site, name), { metadata: { labels } })
      },
    }),
  ),
]

/** What people do to pull Secrets and to keys. */
const secretCommands: readonly fc.Arbitrary<Command>[] = [
  names.map((name) =>
    command({
      label: `delete the pull Secret in ${name}`,
      possible: ({ namespaces }) => namespaces.has(name),
      async act(site) {
        mayVanish(site, name)
        await site.cp.admin.request('DELETE', `${namespacePath(site, name)}/secrets/${site.full('base')}`)
      },
    }),
  ),
  names.map((name) =>
    command({
      label: `overwrite the pull Secret in ${name}`,
      // Whoever does it more often in a minute is left his way for a while.
      possible: ({ namespaces }) => (namespaces.get(name)?.overwritten ?? Infinity) < 4,
      async act(site, { namespaces }) {
        const known = namespaces.get(name)
        if (known !== undefined) known.overwritten++
        if ((await site.secret(name, site.full('base'))) === undefined) return
        const data = { '.dockerconfigjson': Buffer.from('{"auths":{}}').toString('base64') }
        await site.tamper(name, site.full('base'), { data })
      },
    }),
  ),
  one({
    label: 'delete the keys of own',
    possible: ({ keysThere }) => keysThere,
    async act(site, model) {
      model.keysThere = false
      await site.cp.admin.delete(`${keysPath(site)}/aws-keys`)
    },
  }),
  one({
    label: 'make the keys of own again',
    possible: ({ keysThere }) => !keysThere,
    act: restoreKeys,
  }),
  one({
    label: 'give own the keys of another user',
    possible: ({ keysThere }) => keysThere,
    async act(site, model) {
      model.user = model.nextName('user')
      model.calls++
      const key = site.aws.world.addUser({ name: site.full(model.user) })
      site.users.set(model.user, key)
      const { accessKeyId, secretAccessKey } = key
      const stringData = { accessKeyId, secretAccessKey }
      await site.cp.admin.patch(`${keysPath(site)}/aws-keys`, { stringData })
    },
  }),
]

/** The keys as they were, when somebody has deleted them. */
export async function restoreKeys(site: Site, model: Model): Promise<void> {
  if (model.keysThere) return
  model.keysThere = true
  const { accessKeyId, secretAccessKey } = site.users.get(model.user) ?? {}
  await site.cp.admin.create(keysPath(site), {
    metadata: { name: 'aws-keys' },
    stringData: { accessKeyId, secretAccessKey },
  })
}

/** What people do to registries. */
const registryCommands: readonly fc.Arbitrary<Command>[] = [
  one({
    label: 'ask for a refresh',
    async act(site, model) {
      model.calls += 2
      await site.refresh()
    },
  }),
  one({
    label: 'give the Secret of own another name',
    async act(site, model) {
      mayVanish(site, 'own', model.secretName)
      model.secretName = model.nextName('own')
      await site.cp.admin.patch(ownPath(site), { spec: { secret: { name: model.secretName } } })
    },
  }),
]

const refused = (code: number, reason: string): Effect => refusal(code, reason)
/** Each heals by itself. */
const apiEffects: Readonly<Record<string, Effect>> = {
  '409': refused(409, 'Conflict'),
  '429': refused(429, 'TooManyRequests'),
  '500': refused(500, 'InternalError'),
  '503': refused(503, 'ServiceUnavailable'),
  'connections that break': { kind: 'cut' },
  'answers that get lost': { kind: 'loseAnswer' },
}
const requests: Readonly<Record<string, (request: ProxiedRequest) => boolean>> = {
  'writes of Secrets': ({ method, resource }) => method !== 'GET' && resource === 'secrets',
  'writes of status': ({ method, resource }) => method !== 'GET' && resource.endsWith('/status'),
  lists: ({ method, query }) => method === 'GET' && !query.has('watch') && query.has('limit'),
  watches: ({ query }) => query.has('watch'),
}
const upstreamFaults: readonly FaultName[] = [
  'serverError',
  'throttled',
  'reset',
  'truncated',
  'garbage',
  'expiredCredential',
]

/** What was on its way is lost, for each identity; at rest only what no Secret holds. */
function callsOfRestart({ quiet, namespaces }: Model): number {
  if (!quiet) return 2
  return [...namespaces.values()].some(({ selected }) => selected) ? 0 : 1
}

/** What breaks. */
const faultCommands: readonly fc.Arbitrary<Command>[] = [
  fc
    .record({
      effect: fc.constantFrom(...Object.keys(apiEffects)),
      which: fc.constantFrom(...Object.keys(requests)),
      times: fc.integer({ min: 1, max: 6 }),
    })
    .map(({ effect, which, times }) =>
      command({
        label: `${effect} for ${times} ${which}`,
        disturbs: false,
        act(site, model) {
          const fault = { when: requests[which]!, effect: apiEffects[effect]!, times }
          site.api.inject(model.nextName('fault'), fault)
        },
      }),
    ),
  fc.record({ ecr: fc.constantFrom(...upstreamFaults), times: fc.integer({ min: 1, max: 3 }) }).map((fault) =>
    command({
      label: `${fault.ecr} for ${fault.times} answers of upstream`,
      disturbs: false,
      act: (site) => site.aws.faults.set(fault),
    }),
  ),
  one({ label: 'break all watches', disturbs: false, act: (site) => site.api.cutWatches() }),
  fc.constantFrom<NodeJS.Signals>('SIGKILL', 'SIGTERM').map((signal) =>
    command({
      label: `${signal} to the server`,
      disturbs: false,
      async act(site, model) {
        model.calls += callsOfRestart(model)
        await site.replica.crash(signal)
      },
    }),
  ),
]

/** Waits until all is as it shall be, faults or not, so that what follows starts from there. */
function settle(): fc.Arbitrary<Command> {
  return one({
    label: 'let it settle',
    async act(site, model) {
      await restoreKeys(site, model)
      await untilFits(site, model)
      model.quiet = true
    },
  })
}

/** Waits for what the model expects. @throws Error with both when it does not come */
export async function untilFits(site: Site, model: Model): Promise<void> {
  await site.until(
    `${JSON.stringify(model.expected(), null, 1)}`,
    async () => model.fits(await site.endState()),
    async () => JSON.stringify(await site.endState(), null, 1),
  )
}

/** Sequences of things that happen. */
export function sequences(longest: number): fc.Arbitrary<Iterable<Command>> {
  const happenings = [...namespaceCommands, ...secretCommands, ...registryCommands, ...faultCommands]
  // As often a fault as a change, and a refresh more often than one of many.
  const refresh = registryCommands[0]!
  const all = [...happenings, ...faultCommands, refresh, refresh, settle()]
  return fc.commands(all, { maxCommands: longest, size: 'max' })
}
