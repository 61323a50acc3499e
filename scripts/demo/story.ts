// What the demo tells: numbered steps with the time since the start, and what each of them found.

/** A step whose check did not hold; the message is what a person should read. */
export class ProofFailed extends Error {
  override readonly name = 'ProofFailed'
}

/** @throws ProofFailed with `message` unless `holds` */
export function check(holds: boolean, message: string): asserts holds {
  if (!holds) throw new ProofFailed(message)
}

export class Story {
  readonly #started = performance.now()
  readonly #print: (line: string) => void
  readonly #steps: number
  #number = 0
  #told = 0
  #doing = 'starting'

  constructor(steps: number, print: (line: string) => void) {
    this.#steps = steps
    this.#print = print
  }

  /** What was going on, for the sentence about a failure. */
  get doing(): string {
    return this.#doing
  }

  /** Whether all steps were told. */
  get finished(): boolean {
    return this.#told === this.#steps
  }

  /** Seconds since the start. */
  get seconds(): number {
    return (performance.now() - this.#started) / 1000
  }

  /**
   * Does one step and tells what it found: the first line beside the number, the others below it. Nothing is printed
   * before the step has checked what its lines claim.
   */
  async step(doing: string, work: () => Promise<readonly string[]>): Promise<void> {
    this.#number++
    this.#doing = `step ${this.#number}/${this.#steps}, ${doing}`
    const [first = '', ...more] = await work()
    this.#told++
    this.line(`${String(this.#number).padStart(String(this.#steps).length)}/${this.#steps}  ${first}`)
    const indent = ' '.repeat(13 + 2 * String(this.#steps).length)
    for (const each of more) this.#print(indent + each)
  }

  /** One line with the time in front. */
  line(text: string): void {
    this.#print(`[${this.seconds.toFixed(1).padStart(5)} s] ${text}`)
  }

  /** Lines without a time. */
  text(lines: readonly string[]): void {
    for (const each of lines) this.#print(each)
  }
}
