// All tests, in tiers: `npm test`, `npm test -- --only integration`, `npm test -- --only unit server/http`.
import { join } from 'node:path'
import { tiers } from './tiers/list.ts'
import { runTiers } from './tiers/run-tiers.ts'
import { selectTiers, type Selection } from './tiers/select.ts'

const ci = !['', '0', 'false', undefined].includes(process.env['CI'])
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())

let selection: Selection
try {
  selection = selectTiers(tiers, process.argv.slice(2), ci)
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : thrown)
  process.exit(2)
}
const root = join(import.meta.dirname, '..')
const ok = await runTiers(selection, { root, ci, signal: stop.signal, print: (line) => console.log(line) })
// By force: a tier that leaves a timer or a socket behind must not keep the run from ending.
process.exit(ok ? 0 : stop.signal.aborted ? 130 : 1)
