// The fault matrix: `npm run chaos [-- --seed N] [--only ROW,ROW] [--short] [--times N] [--mutants [ROW,ROW]] [--planted]`.
import { parseArgs } from 'node:util'
import { chooseRows } from './chaos/choose.ts'
import { runMatrix } from './chaos/matrix.ts'
import { runMutants } from './chaos/mutants.ts'
import { runPlanted } from './chaos/planted.ts'

const { values, positionals } = parseArgs({
  options: {
    seed: { type: 'string' },
    only: { type: 'string' },
    short: { type: 'boolean', default: false },
    times: { type: 'string', default: '1' },
    mutants: { type: 'boolean', default: false },
    planted: { type: 'boolean', default: false },
  },
  allowPositionals: true,
})
const only = [values.only, ...positionals]
  .filter((part) => part !== undefined)
  .flatMap((part) => part.split(','))
const print = (line: string): void => console.log(line)

let ok: boolean
try {
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9))
  if (!Number.isInteger(seed)) throw new Error(`--seed ${values.seed} is not a whole number`)
  if (values.planted) ok = await runPlanted({ only, print })
  else {
    const rows = chooseRows({ only, short: values.short })
    ok = values.mutants
      ? await runMutants({ rows, seed, print })
      : await runMatrix({ rows, seed, times: Number(values.times), thorough: !values.short, print })
  }
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.stack : thrown)
  ok = false
}
// By force: what a broken row leaves behind must not keep the run from ending.
process.exit(ok ? 0 : 1)
