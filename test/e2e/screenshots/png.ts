// Pictures of pages have few colours: with a palette of them a PNG is a third as large.
import { crc32, deflateSync, inflateSync } from 'node:zlib'

/** Most entries of a palette. */
const most = 256
const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/** Pixels without transparency, three bytes each: red, green, blue. */
interface Pixels {
  readonly width: number
  readonly height: number
  readonly data: Buffer
}

/**
 * The same picture with at most 256 colours. No colour is further from what it was than needed for that: rare ones, such
 * as of a small red sign, are kept.
 * @param png as Chromium writes it: 8 bits, RGB or RGBA, opaque, not interlaced
 */
export function withPalette(png: Buffer): Buffer {
  const { width, height, data } = decode(png)
  const counts = new Map<number, number>()
  for (let at = 0; at < data.length; at += 3) {
    const colour = data.readUIntBE(at, 3)
    counts.set(colour, (counts.get(colour) ?? 0) + 1)
  }
  const palette = choose([...counts].sort(([, a], [, b]) => b - a).map(([colour]) => colour))
  const index = new Map([...counts.keys()].map((colour) => [colour, nearest(palette, colour).index]))
  // Each line begins with its filter: none.
  const lines = Buffer.alloc((width + 1) * height)
  for (let pixel = 0; pixel < width * height; pixel++) {
    const line = Math.floor(pixel / width)
    lines[pixel + line + 1] = index.get(data.readUIntBE(pixel * 3, 3)) ?? 0
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 3], 8)
  const entries = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]))
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('PLTE', entries),
    chunk('IDAT', deflateSync(lines, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** Frequent colours first; one that is near to a chosen one is left out. "Near" grows until few enough are left. */
function choose(colours: readonly number[]): number[] {
  for (let near = 0; ; near = near * 1.5 + 1) {
    const palette: number[] = []
    for (const colour of colours) {
      if (palette.length === 0 || nearest(palette, colour).distance > near) palette.push(colour)
      if (palette.length > most) break
    }
    if (palette.length <= most) return palette
  }
}

function nearest(palette: readonly number[], colour: number): { index: number; distance: number } {
  let best = { index: 0, distance: Infinity }
  for (const [index, other] of palette.entries()) {
    const red = (colour >> 16) - (other >> 16)
    const green = ((colour >> 8) & 255) - ((other >> 8) & 255)
    const blue = (colour & 255) - (other & 255)
    const distance = red * red + green * green + blue * blue
    if (distance < best.distance) best = { index, distance }
  }
  return best
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const frame = Buffer.alloc(8 + body.length)
  frame.writeUInt32BE(data.length, 0)
  body.copy(frame, 4)
  frame.writeUInt32BE(crc32(body), 4 + body.length)
  return frame
}

function decode(png: Buffer): Pixels {
  const parts: Buffer[] = []
  let header = Buffer.alloc(0)
  for (let at = signature.length; at < png.length;) {
    const length = png.readUInt32BE(at)
    const type = png.toString('latin1', at + 4, at + 8)
    const data = png.subarray(at + 8, at + 8 + length)
    if (type === 'IHDR') header = Buffer.from(data)
    if (type === 'IDAT') parts.push(data)
    at += length + 12
  }
  const size = header[9] === 6 ? 4 : 3
  if (header[8] !== 8 || (header[9] !== 2 && header[9] !== 6) || header[12] !== 0)
    throw new Error('not a PNG as Chromium writes them')
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  const lines = unfilter(inflateSync(Buffer.concat(parts)), width * size, height, size)
  const data = Buffer.alloc(width * height * 3)
  for (let pixel = 0; pixel < width * height; pixel++)
    lines.copy(data, pixel * 3, pixel * size, pixel * size + 3)
  return { width, height, data }
}

/** Undoes what the filter of each line did: a byte is told as its difference from those left of it and above. */
function unfilter(filtered: Buffer, stride: number, height: number, size: number): Buffer {
  const out = Buffer.alloc(stride * height)
  for (let line = 0; line < height; line++) {
    const filter = filtered[line * (stride + 1)]
    for (let column = 0; column < stride; column++) {
      const at = line * stride + column
      const left = column < size ? 0 : (out[at - size] ?? 0)
      const above = line === 0 ? 0 : (out[at - stride] ?? 0)
      const corner = line === 0 || column < size ? 0 : (out[at - stride - size] ?? 0)
      const guess = [0, left, above, (left + above) >> 1, paeth(left, above, corner)][filter ?? 0] ?? 0
      out[at] = (filtered[at + line + 1] ?? 0) + guess
    }
  }
  return out
}

/** Whichever of the three is nearest to left + above - corner. */
function paeth(left: number, above: number, corner: number): number {
  const [a, b, c] = [Math.abs(above - corner), Math.abs(left - corner), Math.abs(left + above - 2 * corner)]
  return a <= b && a <= c ? left : b <= c ? above : corner
}
