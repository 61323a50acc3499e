import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative } from 'node:path'
import * as z from 'zod'

/** A file as it is served. */
export interface BundleFile {
  readonly body: Buffer
  /** Extension with its dot, which the content type follows from. */
  readonly extension: string
  /** Strong, from the content. */
  readonly etag: string
}

/** The extension's bundle, in memory: two or three megabytes. */
export interface PluginBundle {
  readonly name: string
  readonly version: string
  /** Path below the folder (`<name>-<version>.tgz`, `<name>-<version>/files.txt` …) → file. */
  readonly files: ReadonlyMap<string, BundleFile>
}

/** Why a folder holds no bundle that Rancher could load, with the remedy. */
export class BundleError extends Error {
  override readonly name = 'BundleError'
}

const about = z.object({ name: z.string(), version: z.string() })

/** Rancher joins a line of files.txt to the address as it stands, so it must need no escaping. */
const plainPath = /^[A-Za-z0-9_~-][A-Za-z0-9._~-]*(\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$/

/**
 * Reads and checks all of it: what is not found here is never served. Rancher does not look at the status of single
 * files, so a file that is missing would end up as a broken page instead of an error.
 *
 * @throws {BundleError}
 */
export async function readBundle(folder: string): Promise<PluginBundle> {
  const files = await readFiles(folder)
  const [archive, ...more] = [...files.keys()].filter((path) => /^[^/]+\.tgz$/.test(path))
  if (archive === undefined)
    throw new BundleError(`There is no bundle in ${folder}: <name>-<version>.tgz is missing.`)
  if (more.length > 0)
    throw new BundleError(`${folder} holds more than one bundle: ${[archive, ...more].join(', ')}.`)

  const stem = archive.slice(0, -'.tgz'.length)
  const { name, version } = readAbout(requireFile(files, `${stem}/plugin/package.json`))
  if (stem !== `${name}-${version}`) {
    throw new BundleError(`${archive} holds ${name} ${version}: it must be called ${name}-${version}.tgz.`)
  }
  requireFile(files, `${stem}/plugin/${stem}.umd.min.js`)
  const listed = requireFile(files, `${stem}/files.txt`).body.toString().split('\n').filter(Boolean)
  for (const path of listed) {
    if (!plainPath.test(path)) throw new BundleError(`Rancher cannot fetch ${path}, which files.txt lists.`)
    requireFile(files, `${stem}/${path}`)
  }
  const expected = new Set([archive, `${stem}/files.txt`, ...listed.map((path) => `${stem}/${path}`)])
  const surplus = [...files.keys()].filter((path) => !expected.has(path))
  if (surplus.length > 0) throw new BundleError(`files.txt does not list ${surplus.join(', ')}.`)
  return { name, version, files }
}

async function readFiles(folder: string): Promise<Map<string, BundleFile>> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    throw new BundleError(`The folder ${folder} of the bundle cannot be read.`, { cause: error })
  })
  const paths = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const read = paths.sort().map(async (path): Promise<[string, BundleFile]> => {
    const body = await readFile(path)
    const etag = `"${createHash('sha256').update(body).digest('base64url')}"`
    return [relative(folder, path), { body, extension: extname(path), etag }]
  })
  return new Map(await Promise.all(read))
}

function requireFile(files: ReadonlyMap<string, BundleFile>, path: string): BundleFile {
  const file = files.get(path)
  if (file === undefined) throw new BundleError(`The bundle is not complete: ${path} is missing.`)
  return file
}

function readAbout({ body }: BundleFile): z.output<typeof about> {
  try {
    return about.parse(JSON.parse(body.toString()))
  } catch (error) {
    throw new BundleError("The bundle's package.json does not say name and version.", { cause: error })
  }
}
