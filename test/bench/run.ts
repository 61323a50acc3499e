// Runs the measurements one after another, each on beds of its own, and notes what else the machine did meanwhile.
import { availableParallelism, loadavg } from 'node:os'
import type { Figure, Part } from '../../scripts/bench/figures.ts'
import { machineCpuSeconds } from '../../scripts/bench/machine.ts'
import type { Surroundings } from '../../scripts/bench/report.ts'
import type { Artefact } from './artefact.ts'
import { Bed } from './bed.ts'
import { atRest } from './parts/at-rest.ts'
import { fanOut, wideFanOut } from './parts/fan-out.ts'
import { manyRegistries } from './parts/many-registries.ts'
import { newNamespace } from './parts/new-namespace.ts'
import type { Measurement, Sizes } from './parts/part.ts'
import { starts } from './parts/starts.ts'
import { upstream } from './parts/upstream.ts'
import { cpuSecondsWithChildren } from './usage.ts'

/** The longest comes last: an interrupted run keeps what was measured before. */
const measurements: readonly Measurement[] = [
  fanOut,
  newNamespace,
  starts,
  manyRegistries,
  upstream,
  atRest,
  wideFanOut,
]

/** What to run, and who hears of it. */
export interface RunOptions {
  readonly artefact: Artefact
  readonly only: ReadonlySet<Part>
  readonly sizes: Sizes
  readonly signal: AbortSignal
  readonly say: (line: string) => void
  /** One measurement is complete. */
  readonly onMeasured: (figures: readonly Figure[], around: Surroundings) => Promise<void>
}

/** @throws what ended the run; measurements that were complete have been told by then */
export async function runBench(options: RunOptions): Promise<void> {
  for (const measurement of measurements) {
    if (!measurement.parts.some((part) => options.only.has(part))) continue
    const { measured, around } = await runOne(measurement, options)
    await options.onMeasured(
      measured.filter(({ part }) => options.only.has(part)),
      around,
    )
  }
}

async function runOne(
  measurement: Measurement,
  { artefact, sizes, signal, say }: RunOptions,
): Promise<{ measured: Figure[]; around: Surroundings }> {
  const beds: Bed[] = []
  const close = async (): Promise<void> => {
    await Promise.all(beds.splice(0).map((bed) => bed.close()))
  }
  const bed = async (): Promise<Bed> => {
    await close()
    const started = await Bed.start(artefact, signal)
    beds.push(started)
    return started
  }
  const loadBefore = loadavg()[0] ?? 0
  const startedAt = performance.now()
  const before = { all: machineCpuSeconds(), own: cpuSecondsWithChildren() }
  let measured: Figure[]
  try {
    measured = await measurement.measure({ artefact, sizes, signal, say, bed })
  } finally {
    await close()
  }
  const seconds = (performance.now() - startedAt) / 1000
  const loadAfter = loadavg()[0] ?? 0
  const others = machineCpuSeconds() - before.all - (cpuSecondsWithChildren() - before.own)
  const othersPercent = (Math.max(0, others) / seconds / availableParallelism()) * 100
  return { measured, around: { parts: measurement.parts, loadBefore, loadAfter, othersPercent, seconds } }
}
