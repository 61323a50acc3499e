// Refusals by what others have installed: quotas and admission webhooks.
import assert from 'node:assert/strict'
import type { ProxiedRequest } from '../../fakes/api-proxy.ts'
import { registries, type RegistryView } from '../../integration/harness.ts'
import type { Row } from '../row.ts'
import { refreshAndGrow, type Site } from '../site.ts'
import { RefusingWebhook } from '../webhook.ts'

interface Failing {
  readonly namespace: string
  readonly message: string
}

/** Waits until the cluster registry tells of exactly one failing namespace, and everywhere else is synced. */
async function untilOnlyFailing(site: Site, namespace: string): Promise<Failing> {
  const path = registries.clusterPath(site.full('base'))
  const { status } = await site.cp.admin.waitFor<RegistryView>(
    path,
    ({ status }) => {
      const { desired = 0, synced = 0, failed = 0 } = status?.targets ?? {}
      return failed === 1 && synced === desired - 1 && status?.failures?.[0]?.namespace === namespace
    },
    { what: `${namespace} alone to fail`, timeoutMs: 60_000 },
  )
  const [failure] = status?.failures ?? []
  assert.ok(failure)
  return failure
}

const isPostIn =
  (namespace: string) =>
  ({ method, path }: ProxiedRequest): boolean =>
    method === 'POST' && path === `/api/v1/namespaces/${namespace}/secrets`

/** Waits until the quota controller has taken it up: until then the API server lets everything through. */
async function setQuota(site: Site, namespace: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/resourcequotas`
  await site.cp.admin.create(path, { metadata: { name: 'none' }, spec: { hard: { 'count/secrets': '0' } } })
  await site.cp.admin.waitFor<{ status?: { hard?: Record<string, string> } }>(
    `${path}/none`,
    ({ status }) => status?.hard?.['count/secrets'] === '0',
    { what: 'the quota to be in force' },
  )
}

export const apiAdmissionRows: readonly Row[] = [
  {
    name: 'quota-exceeded',
    fault: 'one namespace has no room for a further Secret',
    stage: 'write',
    short: true,
    maxUpstreamCalls: 4,
    async run(site) {
      const full = await site.addNamespace('full', { labels: {} })
      await site.fault(() => setQuota(site, full))
      await site.fault(() => site.api.inject('post', { when: isPostIn(full), effect: { kind: 'count' } }))
      await site.cp.admin.patch(`/api/v1/namespaces/${full}`, { metadata: { labels: { chaos: site.id } } })
      await refreshAndGrow(site)
      await site.fault(async () => {
        const { message } = await untilOnlyFailing(site, full)
        assert.match(message, /quota/, 'the failure says why')
        // When the namespace came, for the refresh, and twice by the queue's own timer.
        await site.until('four tries', () => site.api.hits('post') >= 4)
        await site.cp.admin.delete(`/api/v1/namespaces/${full}/resourcequotas/none`)
      })
    },
    hits: (site) => site.api.hits('post'),
    mutants: [
      {
        file: 'server/controller/target-work.ts',
        from: 'this.#retries.set(formatKey(registry.owner, namespace), new Date(now.getTime() + wait))',
        to: 'void wait',
        why: 'a write that was refused is not tried again',
      },
    ],
  },
  {
    name: 'webhook-refuses',
    fault: "somebody else's admission webhook refuses the Secrets of one namespace",
    stage: 'write',
    short: true,
    maxUpstreamCalls: 4,
    async run(site) {
      const strict = await site.addNamespace('strict', { labels: { chaos: site.id, rules: site.id } })
      await site.untilConverged()
      await site.fault(async () => {
        const rules = [{ group: '', resources: ['secrets'] }]
        webhooks.set(site, await RefusingWebhook.start(site, { namespaces: { rules: site.id }, rules }))
        const probe = { metadata: { name: 'probe' } }
        await site.until('the webhook to be asked', async () => {
          const path = `/api/v1/namespaces/${strict}/secrets?dryRun=All`
          return (await site.cp.admin.request('POST', path, probe)).status === 403
        })
      })
      await refreshAndGrow(site)
      await site.fault(async () => {
        const { message } = await untilOnlyFailing(site, strict)
        assert.match(message, new RegExp(RefusingWebhook.message), 'the failure says why')
        await webhooks.get(site)?.remove()
      })
    },
    hits: (site) => (webhooks.get(site)?.calls ?? 1) - 1, // one was the probe's
    mutants: [
      {
        file: 'server/controller/failure.ts',
        from: '(quota, admission or RBAC): ${said}`',
        to: '(quota, admission or RBAC)`',
        why: 'what a webhook says is not shown',
      },
    ],
  },
  {
    name: 'webhook-down',
    fault:
      'a webhook with failurePolicy Fail over Secrets and registries is down for long; the server restarts meanwhile',
    stage: 'all',
    short: false,
    limitSeconds: 180,
    patienceSeconds: 60,
    maxUpstreamCalls: 6, // a restart cannot know what was issued and not written
    async run(site) {
      await site.fault(async () => {
        const rules = [
          { group: '', resources: ['secrets'] },
          {
            group: 'tokenregistries.io',
            resources: ['tokenregistries/status', 'clustertokenregistries/status'],
          },
        ]
        const webhook = await RefusingWebhook.start(site, { namespaces: {}, rules })
        await webhook.goDown()
        webhooks.set(site, webhook)
        await site.until('the webhook to be asked', async () => {
          const path = `/api/v1/namespaces/${site.full('a')}/secrets?dryRun=All`
          return (await site.cp.admin.request('POST', path, { metadata: { name: 'probe' } })).status === 500
        })
      })
      await refreshAndGrow(site)
      await site.fault(async () => {
        const isFailed = (line: string): boolean => /"attempts":4/.test(line)
        await site.until('four failed tries', () => site.replica.process.log.some(isFailed))
        await site.replica.crash()
        await site.until('three more', () =>
          site.replica.process.log.some((line) => /"attempts":3/.test(line)),
        )
        await webhooks.get(site)?.remove()
      })
    },
    hits: async (site) => {
      const refused = await site.cp.auditEvents({ resource: 'secrets', code: 500 })
      return refused.filter(({ objectRef }) => objectRef?.namespace?.startsWith(`${site.id}-`)).length
    },
    mutants: [
      {
        file: 'server/controller/reconcile.ts',
        from: 'const answered = handledRequest ?? registry.status?.lastHandledRefreshRequest',
        to: 'const answered = registry.status?.lastHandledRefreshRequest',
        why: 'a request for a refresh is answered only once status could be written',
      },
    ],
  },
]

/** The webhook of each site. */
const webhooks = new WeakMap<Site, RefusingWebhook>()
