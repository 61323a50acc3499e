import { parseArgs } from 'node:util'
import { parts, type Part } from './figures.ts'

const letters = Object.keys(parts) as Part[]

/** Shown when the arguments cannot be read, and by --help. */
export const usage = `usage: npm run bench [-- --only a,c] [--quick] [--runs N] [--out FILE]
       npm run bench -- --readme FILE

  --only    parts to measure, by letter (default: all):
${letters.map((letter) => `              ${letter}  ${parts[letter]}`).join('\n')}
  --quick   small sizes, to try it out: no figure of it is to be compared with another run's
  --runs    repetitions of what is short (default 5, with --quick 2)
  --out     where the JSON goes (default: docs/bench/<date>-<full, quick or the letters>.json)
  --readme  measures nothing: puts the table of a report into the README`

/** What the command line asks for. */
export interface Options {
  readonly only: ReadonlySet<Part>
  readonly quick: boolean
  /** undefined = as the sizes say. */
  readonly runs: number | undefined
  readonly out: string | undefined
  readonly readme: string | undefined
}

/** @throws Error with a sentence about what is wrong */
export function readOptions(args: readonly string[]): Options {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: { only: text, quick: { type: 'boolean', default: false }, runs: text, out: text, readme: text },
  })
  return {
    only: new Set(values.only === undefined ? letters : values.only.split(',').map(readLetter)),
    quick: values.quick,
    runs: values.runs === undefined ? undefined : readRuns(values.runs),
    out: values.out,
    readme: values.readme,
  }
}

function readLetter(text: string): Part {
  const letter = letters.find((each) => each === text.trim())
  if (letter === undefined) throw new Error(`--only: there is no part "${text}", only ${letters.join(', ')}`)
  return letter
}

function readRuns(text: string): number {
  const runs = Number(text)
  if (!Number.isInteger(runs) || runs < 1 || runs > 100)
    throw new Error(`--runs: "${text}" is no whole number from 1 to 100`)
  return runs
}
