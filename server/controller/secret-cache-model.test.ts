// The cache against a small API server: whatever the order in which writes, answers, events and lists meet, in the
// end the cluster holds what is wanted, and the cache knows what the cluster holds.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hashPayload } from '../core/mac.ts'
import { annotations, pullSecretKey, pullSecretType } from '../core/names.ts'
import type { Secret } from '../kube/types.ts'
import { SecretCache } from './secret-cache.ts'

interface Stored {
  readonly uid: number
  readonly rv: number
  readonly payload: string
  readonly owner: string
}

function toSecret({ uid, rv, payload, owner }: Stored): Secret {
  return {
    metadata: {
      namespace: 'shop',
      name: 'pull',
      uid: `uid-${uid}`,
      resourceVersion: String(rv),
      annotations: { [annotations.owner]: owner },
    },
    type: pullSecretType,
    data: { [pullSecretKey]: Buffer.from(payload).toString('base64') },
  }
}

/** One Secret as etcd has it, with the events of all its changes. */
class Server {
  current: Stored | undefined
  readonly events: { type: 'SET' | 'DELETED'; object: Stored }[] = []
  #rv = 97 // so that the number of digits changes on the way
  #uid = 0

  create(payload: string, owner: string): Stored | undefined {
    if (this.current !== undefined) return undefined
    return this.#set({ uid: ++this.#uid, payload, owner })
  }

  /** Refused when the precondition does not hold. */
  update(payload: string, owner: string, at?: { uid: string; resourceVersion: string }): Stored | undefined {
    const { current } = this
    if (current === undefined) return undefined
    if (at && (at.uid !== `uid-${current.uid}` || at.resourceVersion !== String(current.rv))) return undefined
    return this.#set({ uid: current.uid, payload, owner })
  }

  delete(): void {
    if (this.current === undefined) return
    this.events.push({ type: 'DELETED', object: { ...this.current, rv: ++this.#rv } })
    this.current = undefined
  }

  #set(given: Omit<Stored, 'rv'>): Stored {
    this.current = { ...given, rv: ++this.#rv }
    this.events.push({ type: 'SET', object: this.current })
    return this.current
  }
}

const us = 'TokenRegistry/shop/pull'
const wanted = 'wanted'

/** The watch, the lists and the writer around one cache; each step is one thing that can happen next. */
class Bench {
  readonly server = new Server()
  readonly cache = new SecretCache(() => (this.#again = true))
  #again = true
  #watched = 0
  #list: { found: Stored | undefined; at: number; paged: boolean } | undefined
  #next: (() => void) | undefined

  readonly steps: Readonly<Record<string, () => void>> = {
    edit: () => void this.server.update('edited', us),
    'edit owner': () => void this.server.update(wanted, 'TokenRegistry/shop/thief'),
    delete: () => this.server.delete(),
    restore: () => void this.server.create(wanted, us),
    event: () => this.#deliver(),
    'list begins': () =>
      (this.#list ??= { found: this.server.current, at: this.server.events.length, paged: false }),
    'list page': () => this.#takePage(),
    'list ends': () => this.#endList(),
    writer: () => this.#write(),
  }

  get busy(): boolean {
    return (
      this.#again ||
      this.#next !== undefined ||
      this.#list !== undefined ||
      this.#watched < this.server.events.length
    )
  }

  #deliver(): void {
    const event = this.#list === undefined ? this.server.events[this.#watched] : undefined
    if (event === undefined) return
    this.#watched++
    const { metadata } = toSecret(event.object)
    if (event.type === 'SET') this.cache.observeMetadata({ metadata })
    else this.cache.observeGone({ metadata })
  }

  /** A list that was answered at one moment and is worked through at others; the watch goes on from that moment. */
  #takePage(): void {
    if (this.#list === undefined || this.#list.paged) return
    this.#list.paged = true
    if (this.#list.found !== undefined) this.cache.observeListed(toSecret(this.#list.found))
  }

  #endList(): void {
    if (this.#list === undefined) return
    this.#takePage()
    const { found, at } = this.#list
    this.#list = undefined
    this.cache.retain(new Set(found === undefined ? [] : [`uid-${found.uid}`]))
    this.#watched = at
  }

  /** The next step of the writer: decide, have the server do it, take the answer. */
  #write(): void {
    const step = this.#next ?? (this.#again ? this.#decide : undefined)
    this.#next = undefined
    step?.call(this)
  }

  #decide(): void {
    this.#again = false
    const { cache, server } = this
    const known = cache.get('shop', 'pull')
    if (known === undefined) this.#send(() => server.create(wanted, us))
    else if (known.payloadHash === undefined) this.#read()
    else if (known.payloadHash !== hashPayload(wanted) || known.annotations[annotations.owner] !== us)
      this.#send(() => server.update(wanted, us, known))
  }

  #send(change: () => Stored | undefined): void {
    this.cache.beginWrite('shop', 'pull')
    this.#next = () => {
      const written = change()
      this.#next = () => {
        const payloadHash = hashPayload(wanted)
        this.cache.endWrite('shop', 'pull', written && { object: toSecret(written), payloadHash })
        if (written === undefined) this.#read()
      }
    }
  }

  #read(): void {
    this.cache.beginWrite('shop', 'pull')
    this.#next = () => {
      const found = this.server.current
      this.#next = () => {
        if (found === undefined) this.cache.forget('shop', 'pull')
        else this.cache.observeFull(toSecret(found))
        this.cache.endWrite('shop', 'pull')
        this.#next = () => this.#decide()
      }
    }
  }
}

const names = Object.keys(new Bench().steps)
const step = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('writer', 'event') },
  { weight: 2, arbitrary: fc.constantFrom(...names) },
)

function check(bench: Bench): void {
  const { server, cache } = bench
  const known = cache.get('shop', 'pull')
  assert.deepEqual([server.current?.payload, server.current?.owner], [wanted, us])
  assert.equal(known?.uid, `uid-${server.current?.uid}`)
  assert.equal(known.resourceVersion, String(server.current?.rv))
  assert.equal(known.payloadHash, hashPayload(wanted))
  assert.deepEqual([...cache.ofOwner(us)], [known])
  assert.deepEqual([...cache.ofOwner('TokenRegistry/shop/thief')], [])
}

test('any interleaving ends with what is wanted in the cluster, and with the cache knowing it', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.array(step, { maxLength: 40 }), (steps, end) => {
      const bench = new Bench()
      for (const name of steps) bench.steps[name]?.()
      // Nobody interferes any more; what is under way ends in some order.
      const rest = end.filter((name) => ['writer', 'event', 'list page', 'list ends'].includes(name))
      for (const name of rest) bench.steps[name]?.()
      for (let round = 0; bench.busy; round++) {
        assert.ok(round < 100, 'it never comes to rest')
        for (const name of ['list ends', 'event', 'writer']) bench.steps[name]?.()
      }
      check(bench)
    }),
    { numRuns: 3000 },
  )
})

test('left alone, one write is one write: no event of ours is taken for an edit', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('writer', 'event'), { maxLength: 20 }), (steps) => {
      const bench = new Bench()
      for (const name of steps) bench.steps[name]?.()
      while (bench.busy) for (const name of ['writer', 'event']) bench.steps[name]?.()
      assert.equal(bench.server.events.length, 1)
      check(bench)
    }),
  )
})
