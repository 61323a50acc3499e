// The reference: the least that can do each job, in a process of its own. It only watches and writes: one PUT, patch or
// create per Secret over keep-alive connections. No status, no repair, no ownership, no restart, no upstream.
import { readFileSync } from 'node:fs'
import { Pool } from 'undici'
import { Watch, type Access } from './watch.ts'

/** What it is asked by message. */
export type Order =
  | { readonly do: 'write'; readonly verb: 'POST' | 'PUT' | 'PATCH'; readonly namespaces: readonly string[] }
  | { readonly do: 'serve' }
  | {
      readonly do: 'register'
      readonly namespaces: readonly string[]
      readonly statusPath: string
      readonly status: unknown
    }

/** What it answers. `durationMs` is from the first request sent to the last answered. */
export interface Done {
  readonly durationMs: number
  readonly cpuSeconds: number
}

/** Its arguments, from a file that only the bench may read. */
export interface YardstickSettings extends Access {
  /** Name of the Secret that it writes everywhere. */
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** Namespaces that it watches for. */
  readonly selector: string
  /** Length of the pull entry in bytes. */
  readonly payloadBytes: number
  /** Serve at once, as a controller does when it is started. */
  readonly serve: boolean
}

const workers = 16
const settings = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as YardstickSettings
const pool = new Pool(settings.url, {
  connections: workers,
  connect: { ca: settings.ca },
  keepAliveTimeout: 55_000,
})
const known = new Map<string, { uid: string; resourceVersion: string }>()
let serial = 0

async function send<T>(method: 'GET' | 'POST' | 'PUT' | 'PATCH', path: string, body?: unknown): Promise<T> {
  const { statusCode, body: answer } = await pool.request({
    method,
    path,
    headers: {
      authorization: `Bearer ${settings.token}`,
      accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json',
      'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
    },
    body: body === undefined ? null : JSON.stringify(body),
  })
  const text = await answer.text()
  if (statusCode >= 300) throw new Error(`${method} ${path}: ${statusCode} ${text.slice(0, 300)}`)
  return JSON.parse(text) as T
}

async function write(verb: 'POST' | 'PUT' | 'PATCH', namespace: string): Promise<void> {
  const { name, labels, payloadBytes } = settings
  const entry = Buffer.from(JSON.stringify({ auths: { bare: `${serial++}`.padEnd(payloadBytes - 20, 'x') } }))
  const data = { '.dockerconfigjson': entry.toString('base64') }
  const path = `/api/v1/namespaces/${namespace}/secrets`
  const whole = { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/dockerconfigjson', data }
  const metadata = { name, namespace, labels, ...(verb !== 'POST' && known.get(namespace)) }
  const target = verb === 'POST' ? path : `${path}/${name}`
  const body = verb === 'PATCH' ? { metadata, data } : { ...whole, metadata }
  const written = await send<{ metadata: { uid: string; resourceVersion: string } }>(verb, target, body)
  known.set(namespace, { uid: written.metadata.uid, resourceVersion: written.metadata.resourceVersion })
}

/** What a registry costs at least: its material read, its Secret made, its status told. */
async function register(
  namespace: string,
  { statusPath, status }: Extract<Order, { do: 'register' }>,
): Promise<void> {
  await send('GET', `/api/v1/namespaces/${namespace}/secrets/aws-keys`)
  await write('POST', namespace)
  await send('PATCH', statusPath.replace('{namespace}', namespace), { status })
}

async function each(
  namespaces: readonly string[],
  work: (namespace: string) => Promise<void>,
): Promise<Done> {
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  const next = namespaces.values()
  const worker = async (): Promise<void> => {
    for (const namespace of next) await work(namespace)
  }
  await Promise.all(Array.from({ length: workers }, worker))
  const { user, system } = process.cpuUsage(cpuBefore)
  return { durationMs: performance.now() - startedAt, cpuSeconds: (user + system) / 1e6 }
}

function serve(): Promise<unknown> {
  const create = (namespace: string): void => {
    write('POST', namespace).catch((error: unknown) => {
      // A namespace that is there since an earlier start has its Secret: this one does not look first.
      if (!String(error).includes(' 409 ')) throw error
    })
  }
  return Watch.start(
    settings,
    '/api/v1/namespaces',
    (type, { metadata }) => {
      if (type === 'ADDED') create(metadata.name)
    },
    { selector: settings.selector, known: ({ metadata }) => create(metadata.name) },
  )
}

async function obey(order: Order): Promise<Done> {
  switch (order.do) {
    case 'write':
      return each(order.namespaces, (namespace) => write(order.verb, namespace))
    case 'register':
      return each(order.namespaces, (namespace) => register(namespace, order))
    case 'serve':
      await serve()
      return { durationMs: 0, cpuSeconds: 0 }
  }
}

process.on('message', (order: Order) => {
  void obey(order).then((done) => process.send?.(done))
})
process.once('disconnect', () => process.exit(0))
if (settings.serve) await serve()
