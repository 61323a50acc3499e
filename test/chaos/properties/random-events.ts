// Random sequences of all that can happen, against a small model of what must hold in the end and always.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { ChaosBed } from '../bed.ts'
import { seededRandom } from '../random.ts'
import type { Property, PropertyOptions, PropertyResult } from '../row.ts'
import { Site } from '../site.ts'
import { judgeSite } from '../witness.ts'
import { restoreKeys, sequences, untilFits } from './commands.ts'
import { Model } from './model.ts'

const namespaces = ['a', 'b', 'c'] as const
const longest = 12

/** Calls of one second would give tokens that end in the same one, which counts as a failed try. */
const env = { MIN_CALL_INTERVAL_SECONDS: '2' }

function open(bed: ChaosBed, { seed, main }: PropertyOptions): Promise<Site> {
  return Site.open(bed, { faulty: true, random: seededRandom(seed, 'random-events'), env, main })
}

async function setUp(site: Site): Promise<Model> {
  const model = new Model()
  for (const name of namespaces) model.namespaces.set(name, { selected: true, overwritten: 0 })
  await Promise.all(namespaces.map((name) => site.addNamespace(name)))
  await site.addClusterRegistry('base')
  await site.addRegistry('own')
  await site.startServer()
  await untilFits(site, model)
  return model
}

/** Healed, everything becomes as the model says; upstream was not asked too often, and the witness is content. */
async function judge(site: Site, model: Model): Promise<void> {
  await site.bed.heal()
  await restoreKeys(site, model)
  await untilFits(site, model)
  await site.untilWitnessed()
  const violations = judgeSite(site).map(({ rule, what }) => `${rule}: ${what}`)
  assert.equal(violations.length, 0, violations.slice(0, 5).join('\n'))
  // Each answer that was spoiled is one call more.
  const allowed = model.calls + site.aws.faults.hits
  const asked = site.upstreamCalls
  assert.ok(asked <= allowed, `upstream was asked ${asked} times, which is more than ${allowed}`)
}

async function check(bed: ChaosBed, options: PropertyOptions): Promise<PropertyResult> {
  let happened = 0
  let upstreamCalls = 0
  const property = fc.asyncProperty(sequences(longest), async (commands) => {
    const site = await open(bed, options)
    try {
      const model = await setUp(site)
      site.patienceMs = options.patienceMs
      await fc.asyncModelRun(() => ({ model, real: site }), commands)
      await judge(site, model)
      happened += [...commands].length
      upstreamCalls = Math.max(upstreamCalls, site.upstreamCalls)
    } finally {
      await site.close()
    }
  })
  const { seed, thorough, shrink } = options
  await fc.assert(property, {
    seed,
    numRuns: thorough ? 12 : 3,
    endOnFailure: !shrink,
    includeErrorInReport: true,
  })
  return { hits: happened, upstreamCalls }
}

export const randomEvents: Property = {
  name: 'random-events',
  fault: 'anything, in any order',
  stage: 'all',
  short: true,
  check,
  mutants: [
    {
      file: 'server/controller/target-work.ts',
      from: '    this.#retries.set(formatKey(registry.owner, namespace), new Date(now.getTime() + wait))\n',
      to: '    void wait\n',
      why: 'a write that failed is not tried again',
    },
    {
      file: 'server/controller/gather.ts',
      from: '    runtime.inUse = await takeBack(runtime.registry, this.#options)\n',
      to: '',
      why: 'a restart takes nothing back',
    },
  ],
}
