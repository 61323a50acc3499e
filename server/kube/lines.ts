const newline = 0x0a

/**
 * Cuts a byte stream into lines. Works on bytes, so a character that is split over two chunks is never decoded in
 * halves, and a long line costs one copy however many chunks it came in.
 */
export class LineSplitter {
  #pending: Uint8Array[] = []

  /** The lines that this chunk completes, without their newline; empty ones are left out. */
  push(chunk: Uint8Array): string[] {
    const lines: string[] = []
    let start = 0
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      const line = this.#complete(chunk.subarray(start, end))
      if (line !== '') lines.push(line)
      start = end + 1
    }
    if (start < chunk.length) this.#pending.push(chunk.subarray(start))
    return lines
  }

  /** What came after the last newline; a stream that was cut leaves half a line here. */
  rest(): string {
    return this.#complete(new Uint8Array(0))
  }

  #complete(tail: Uint8Array): string {
    const bytes = this.#pending.length === 0 ? tail : Buffer.concat([...this.#pending, tail])
    this.#pending = []
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8').trim()
  }
}
