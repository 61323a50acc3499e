// Unpacks a bundle's archive under the conditions that Rancher's plugin controller sets.
import assert from 'node:assert/strict'
import { Parser, type ReadEntry } from 'tar'

/**
 * Rancher makes no folder that the archive does not name before its files, knows folders and plain files only, and
 * looks for the files below the folder of the version.
 *
 * @returns path below `<version>/` → content
 * @throws AssertionError on what Rancher would not unpack
 */
export async function unpackAsRancher(archive: Buffer, version: string): Promise<Map<string, Buffer>> {
  assert.deepEqual([...archive.subarray(0, 2)], [0x1f, 0x8b], 'the archive is not gzip')
  const folders = new Set<string>()
  const files = new Map<string, Promise<Buffer>>()
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => {
      const path = entry.path.replace(/\/$/, '')
      assert.ok(path === version || path.startsWith(`${version}/`), `${path} is not below ${version}/`)
      assert.match(entry.type, /^(Directory|File)$/, `${path} is a ${entry.type}`)
      const parent = path.split('/').slice(0, -1).join('/')
      assert.ok(parent === '' || folders.has(parent), `${path} comes before its folder`)
      if (entry.type === 'Directory') folders.add(path)
      else files.set(path.slice(version.length + 1), read(entry))
      if (entry.type === 'Directory') entry.resume()
      else assert.equal((entry.mode ?? 0) & 0o444, 0o444, `${path} is not readable`)
    },
  })
  const ended = new Promise((resolve, reject) => parser.on('end', resolve).on('error', reject))
  parser.end(archive)
  await ended
  return new Map(await Promise.all([...files].map(async ([path, body]) => [path, await body] as const)))
}

async function read(entry: ReadEntry): Promise<Buffer> {
  return entry.concat()
}
