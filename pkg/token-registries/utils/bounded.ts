// How many of many requests are under way at once.

/** Begins a piece of work when its turn comes; answers and throws what the work does. */
export type Bounded = <Result>(work: () => Promise<Result>) => Promise<Result>

/** @param most pieces of work at once; the others wait, first come first served */
export function bounded(most: number): Bounded {
  const waiting: (() => void)[] = []
  let running = 0
  return async (work) => {
    if (running < most) running += 1
    else await new Promise<void>((begin) => waiting.push(begin))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      // Whoever waits takes over the place, so that nobody comes in between.
      if (next === undefined) running -= 1
      else next()
    }
  }
}
