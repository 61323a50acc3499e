import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

export interface TarEntry {
  /** Relative, without a leading slash; folders end in one. At most 100 bytes, or 155 + 100 at a slash. */
  readonly path: string
  /** Permission bits. */
  readonly mode: number
  readonly body: Buffer
}

const block = 512

/** A ustar archive: everything belongs to root and carries the same time, so the same content gives the same bytes. */
export function writeTar(entries: readonly TarEntry[], epochSeconds: number): Buffer {
  const parts: Buffer[] = []
  for (const { path, mode, body } of entries) {
    parts.push(header(path, mode, body.length, epochSeconds), body)
    parts.push(Buffer.alloc((block - (body.length % block)) % block))
  }
  parts.push(Buffer.alloc(2 * block))
  return Buffer.concat(parts)
}

function header(path: string, mode: number, size: number, epochSeconds: number): Buffer {
  const [prefix, name] = splitPath(path)
  const bytes = Buffer.alloc(block)
  const octal = (value: number, at: number, length: number) =>
    bytes.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1')
  bytes.write(name, 0)
  octal(mode, 100, 8)
  octal(0, 108, 8) // uid
  octal(0, 116, 8) // gid
  octal(size, 124, 12)
  octal(epochSeconds, 136, 12)
  bytes.write(' '.repeat(8), 148) // the checksum counts as blanks while it is computed
  bytes.write(path.endsWith('/') ? '5' : '0', 156)
  bytes.write('ustar\x0000', 257, 'latin1')
  bytes.write(prefix, 345)
  const sum = bytes.reduce((total, byte) => total + byte, 0)
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return bytes
}

function splitPath(path: string): [prefix: string, name: string] {
  if (Buffer.byteLength(path) <= 100) return ['', path]
  const cut = path.indexOf('/', Math.max(0, path.length - 101))
  const [prefix, name] = [path.slice(0, cut), path.slice(cut + 1)]
  if (cut < 1 || name === '' || prefix.length > 155)
    throw new Error(`the path ${path} does not fit into a tar header`)
  return [prefix, name]
}

/** All below a folder, sorted, parents first. @throws Error on anything but folders and plain files */
export async function readTree(folder: string, below = ''): Promise<TarEntry[]> {
  const entries: TarEntry[] = []
  const found = await readdir(join(folder, below), { withFileTypes: true })
  for (const entry of found.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    const mode = (await stat(join(folder, path))).mode & 0o7777
    if (entry.isDirectory()) {
      entries.push({ path: `${path}/`, mode, body: Buffer.alloc(0) }, ...(await readTree(folder, path)))
    } else if (entry.isFile()) {
      entries.push({ path, mode, body: await readFile(join(folder, path)) })
    } else {
      throw new Error(`${path} is neither a folder nor a file`)
    }
  }
  return entries
}
