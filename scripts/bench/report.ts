import { parts, type Figure, type Part } from './figures.ts'

/** Where a report was made: without it figures cannot be compared. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryMiB: number
  readonly kernel: string
  readonly node: string
  readonly kubernetes: string
}

/** How busy the machine was with other things while some parts ran. */
export interface Surroundings {
  readonly parts: readonly Part[]
  /** Load averages over one minute, before and after. */
  readonly loadBefore: number
  readonly loadAfter: number
  /** CPU time of processes that are none of the bench's, in percent of all cores. */
  readonly othersPercent: number
  readonly seconds: number
}

/** The JSON file of one run. */
export interface Report {
  readonly format: 1
  /** RFC 3339. */
  readonly startedAt: string
  readonly commit: string
  /** The server's files differ from the commit. */
  readonly modified: boolean
  readonly quick: boolean
  readonly machine: Machine
  /** Size of the bundle in bytes, with the flags that Node gets from the image. */
  readonly artefact: { readonly entryBytes: number; readonly allBytes: number; readonly nodeOptions: string }
  readonly surroundings: readonly Surroundings[]
  readonly figures: readonly Figure[]
}

const order = Object.keys(parts)

/** The report with one measurement more; figures stay in the order of their parts. */
export function add(report: Report, figures: readonly Figure[], around: Surroundings): Report {
  const all = [...report.figures, ...figures]
  return {
    ...report,
    surroundings: [...report.surroundings, around],
    figures: all.sort((a, b) => order.indexOf(a.part) - order.indexOf(b.part)),
  }
}

/** @throws Error when the text is no report of a format that is known */
export function parseReport(text: string): Report {
  const report = JSON.parse(text) as Partial<Report> | null
  if (report?.format !== 1 || !Array.isArray(report.figures))
    throw new Error('this is no report of the bench')
  return report as Report
}
