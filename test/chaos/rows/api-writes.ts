// Faults of writes.
import assert from 'node:assert/strict'
import { refusal, type ProxiedRequest } from '../../fakes/api-proxy.ts'
import { registries, untilStatus } from '../../integration/harness.ts'
import type { Row } from '../row.ts'
import { refreshAndGrow, standardNamespaces, type Site } from '../site.ts'

const isSecretWrite = ({ method, resource }: ProxiedRequest): boolean =>
  resource === 'secrets' && (method === 'PATCH' || method === 'POST')
const isPatchIn =
  (namespace: string) =>
  ({ method, path }: ProxiedRequest): boolean =>
    method === 'PATCH' && path.includes(`/namespaces/${namespace}/secrets/`)

/** Every write of the refresh, and one for the new namespace. */
const writesOfStory = standardNamespaces.length + 2

/** What somebody puts in the place of ours: a password of his own for the same registry, and no mark of ours. */
const ownPayload = Buffer.from(
  JSON.stringify({
    auths: {
      '123456789012.dkr.ecr.eu-west-1.amazonaws.com': { username: 'u', password: 'own', auth: 'dTpvd24=' },
    },
  }),
).toString('base64')

async function untilBlocked(site: Site, namespace: string): Promise<void> {
  const isBlocked = ({
    status,
  }: {
    status?: { failures?: { namespace: string; reason: string }[] }
  }): boolean =>
    status?.failures?.some((each) => each.namespace === namespace && each.reason === 'NotOwner') === true
  await untilStatus(
    site.cp,
    registries.clusterPath(site.full('base')),
    `${namespace} to be blocked`,
    (object) => isBlocked(object as Parameters<typeof isBlocked>[0]),
  )
}

/** Everywhere else the newest password lies, and status has told of it, so that a crash costs no upstream call. */
async function isWrittenBut(site: Site, late: string): Promise<boolean> {
  const { registries, secrets } = await site.endState()
  const others = Object.entries(secrets).filter(([name]) => name !== late)
  const isNewest = others.every(([, { credential }]) => String(credential).startsWith('newest'))
  return isNewest && Object.values(registries).every(({ answered }) => answered === true)
}

/** Writes of Secrets there that the API server has finished, whatever came of them. */
async function patchesIn(site: Site, namespace: string): Promise<number> {
  return (await site.cp.auditEvents({ verb: 'patch', resource: 'secrets', namespace })).length
}

export const apiWriteRows: readonly Row[] = [
  {
    name: 'taken-while-writing',
    fault:
      'while a write is on its way, the Secret is given to somebody else, who puts his own password into it',
    stage: 'write',
    short: true,
    maxUpstreamCalls: 4,
    async run(site) {
      const namespace = site.full('a')
      const name = site.full('base')
      await site.fault(() =>
        site.api.inject('hold', { when: isPatchIn(namespace), effect: { kind: 'hold' }, times: 1 }),
      )
      await site.refresh()
      await site.fault(() => site.until('the write to be on its way', () => site.api.hits('hold') === 1))
      site.mayVanish.add(`${namespace}/${name}`)
      await site.tamper('a', name, {
        metadata: { labels: { 'app.kubernetes.io/managed-by': null } },
        data: { '.dockerconfigjson': ownPayload },
      })
      await site.fault(() => site.api.heal('hold'))
      await untilBlocked(site, namespace)
      const secret = await site.secret('a', name)
      assert.equal(secret?.data['.dockerconfigjson'], ownPayload, 'what somebody else owns is left alone')
      await site.cp.admin.delete(`/api/v1/namespaces/${namespace}/secrets/${name}`)
    },
    hits: (site) => site.api.hits('hold'),
    mutants: [
      {
        file: 'server/core/decide-target.ts',
        from: '  if (!handedOver) {\n',
        to: '  if (false) {\n',
        why: 'a Secret that is somebody else’s is taken over unasked',
      },
    ],
  },
  {
    name: 'late-write',
    fault:
      'a write is so slow that it arrives when its server is dead and the next one has written something newer',
    stage: 'write',
    short: true,
    maxUpstreamCalls: 6,
    async run(site) {
      const namespace = site.full('a')
      const hold = { when: isPatchIn(namespace), effect: { kind: 'hold' }, times: 1 } as const
      await site.fault(() => site.api.inject('late', hold))
      await site.refresh()
      await site.fault(async () => {
        await site.until('the write to be on its way', () => site.api.held('late') === 1)
        await site.until('all others to be written', () => isWrittenBut(site, 'a/base'))
        await site.replica.crash()
      })
      await site.untilConverged()
      await site.refresh()
      await site.untilConverged()
      await site.fault(async () => {
        const before = await patchesIn(site, namespace)
        site.api.heal('late')
        await site.until('the late write to arrive', async () => (await patchesIn(site, namespace)) > before)
      })
    },
    hits: (site) => site.api.hits('late'),
    mutants: [
      {
        file: 'server/controller/secret-writer.ts',
        from: 'metadata: { uid, resourceVersion, labels: desired.labels',
        to: 'metadata: { labels: desired.labels',
        why: 'writes carry no precondition',
        by: 'witness',
      },
    ],
  },
  {
    name: 'write-conflicts',
    fault: 'every second write of a Secret meets a version that has changed (409)',
    stage: 'write',
    short: true,
    maxUpstreamCalls: 4,
    async run(site) {
      const name = site.full('base')
      await site.fault(() => {
        // With the real one, one Secret meets four of them at most: the fifth try in a row would be told as a failure.
        const everySecond = { when: isSecretWrite, effect: refusal(409, 'Conflict'), share: 0.5, times: 3 }
        site.api.inject('conflict', everySecond)
        for (const namespace of standardNamespaces)
          site.api.inject(namespace, {
            when: isPatchIn(site.full(namespace)),
            effect: { kind: 'hold' },
            times: 1,
          })
      })
      await site.refresh()
      const held = (): boolean => standardNamespaces.every((namespace) => site.api.hits(namespace) === 1)
      await site.fault(() => site.until('the writes to be on their way', held))
      for (const namespace of standardNamespaces)
        await site.tamper(namespace, name, { metadata: { labels: { team: 'shop' } } })
      await site.fault(() => standardNamespaces.forEach((namespace) => site.api.heal(namespace)))
      await site.addNamespace('late')
    },
    hits: (site) => standardNamespaces.reduce((sum, namespace) => sum + site.api.hits(namespace), 0),
    after: async (site) => {
      const failed = site.replica.log.filter((line) => line.includes('"code":"ClusterConflict"'))
      assert.deepEqual(failed, [], 'a conflict is read and written again, and shown to nobody')
      await Promise.resolve()
    },
    mutants: [
      {
        file: 'server/controller/secret-writer.ts',
        from: 'isConflict(error) || isNotFound(error)',
        to: 'isNotFound(error)',
        why: 'a write that met another version is a failure',
      },
    ],
  },
  {
    name: 'lost-answers',
    fault: 'Secrets are written, but the answers to the writes get lost',
    stage: 'write',
    short: true,
    story: 'refresh-and-grow',
    maxUpstreamCalls: 4,
    async run(site) {
      await site.fault(() => site.api.inject('lost', { when: isSecretWrite, effect: { kind: 'loseAnswer' } }))
      await refreshAndGrow(site)
      await site.fault(() => site.untilConverged())
    },
    hits: (site) => site.api.hits('lost'),
    after: async (site) => {
      const writes = site.api.hits('lost')
      // The new namespace may get the old password first, and a retry may be faster than the watch.
      assert.ok(
        writes < 2 * writesOfStory,
        `${writes} writes for ${writesOfStory}: none is sent blindly twice`,
      )
      await Promise.resolve()
    },
    mutants: [
      {
        file: 'server/kube/client.ts',
        from: "request.method === 'GET' && isBrokenConnection(error)",
        to: 'isBrokenConnection(error)',
        why: 'a write whose answer got lost is sent again as it was',
      },
    ],
  },
  {
    name: 'too-many-requests',
    fault: 'writes of Secrets are answered with 429 and Retry-After: 3',
    stage: 'write',
    short: true,
    story: 'refresh-and-grow',
    maxUpstreamCalls: 4,
    async run(site) {
      const effect = refusal(429, 'TooManyRequests', 'injected', { 'retry-after': '3' })
      const namespace = site.full('a')
      await site.fault(() => site.api.inject('slow-down', { when: isPatchIn(namespace), effect, times: 2 }))
      await refreshAndGrow(site)
      await site.fault(async () => {
        await site.until('two refusals', () => site.api.hits('slow-down') === 2)
        const [first = 0, second = 0] = site.api.faults.hitTimes('slow-down')
        assert.ok(second - first >= 3000, `it was asked again after ${Math.round(second - first)} ms`)
      })
    },
    hits: (site) => site.api.hits('slow-down'),
    mutants: [
      {
        file: 'server/controller/target-work.ts',
        from: 'targetBackoff, Math.random(), retryAfterMs)',
        to: 'targetBackoff, Math.random(), undefined)',
        why: 'Retry-After of the API server is not heard',
      },
    ],
  },
  {
    name: 'storm-writes',
    fault: 'writes of Secrets are answered with 500 or 503',
    stage: 'write',
    short: true,
    story: 'refresh-and-grow',
    maxUpstreamCalls: 4,
    async run(site) {
      const when = isSecretWrite
      await site.fault(() => {
        site.api.inject('500', { when, effect: refusal(500, 'InternalError'), share: 0.5, times: 8 })
        site.api.inject('503', { when, effect: refusal(503, 'ServiceUnavailable'), times: 12 })
      })
      await refreshAndGrow(site)
      await site.fault(() => site.until('the storm to pass', () => site.api.hits('503') === 12))
    },
    hits: (site) => site.api.hits('500') + site.api.hits('503'),
    mutants: [
      {
        file: 'server/controller/target-work.ts',
        from: 'this.#retries.set(formatKey(registry.owner, namespace), new Date(now.getTime() + wait))',
        to: 'void wait',
        why: 'a write that failed is not tried again',
      },
    ],
  },
]
