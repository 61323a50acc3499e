// Fetches a UI extension in one of Rancher's two ways and lays its files down as they are served.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { gunzipSync } from 'node:zlib'
import { extract, type ReadEntry } from 'tar'
import { request } from 'undici'
import type { PluginEntry } from './plugin-index.ts'
import type { Resolve } from './service-addresses.ts'

/** Rancher's limit for one file (setting max-ui-plugin-file-byte-size); for a whole archive, ours. */
const maxFileBytes = 30 * 1024 * 1024
const maxArchiveBytes = 200 * 1024 * 1024

/** Where files go, and how addresses are found. */
export interface DownloadContext {
  folder: string
  resolve: Resolve
}

/** Whether files of this name and version are there already. Nobody looks whether all of them are. */
export async function isCached(
  { name, version }: PluginEntry,
  { folder }: DownloadContext,
): Promise<boolean> {
  const path = within(within(folder, name), version)
  return (await readdir(path).catch(() => [])).length > 0
}

/** Removes the files of what is listed no more, or in another version. */
export async function removeUnlisted(
  listed: readonly PluginEntry[],
  { folder }: DownloadContext,
): Promise<void> {
  for (const name of await readdir(folder)) {
    for (const version of await readdir(join(folder, name))) {
      if (listed.some((plugin) => plugin.name === name && plugin.version === version)) continue
      await rm(join(folder, name, version), { recursive: true, force: true })
    }
  }
}

/** Removes all versions of one plugin. */
export async function removeCached(name: string, { folder }: DownloadContext): Promise<void> {
  await rm(within(folder, name), { recursive: true, force: true })
}

/**
 * Fetches the archive, or without one file after file. As in Rancher, an archive that fails makes the whole attempt
 * fail even when the files came: the next attempt finds them in place and is content.
 * @throws AggregateError with what failed
 */
export async function download(plugin: PluginEntry, context: DownloadContext): Promise<void> {
  const errors: unknown[] = []
  if (plugin.compressedEndpoint) {
    try {
      return await unpackArchive(plugin.name, plugin.compressedEndpoint, context)
    } catch (error) {
      errors.push(error)
    }
  }
  if (plugin.endpoint) await fetchFiles(plugin, plugin.endpoint, context).catch((error) => errors.push(error))
  if (errors.length > 0) throw new AggregateError(errors, `UIPlugin ${plugin.name} was not fetched`)
}

/** The archive's root folder is the version; whether it is the right one shows only when files are asked for. */
async function unpackArchive(name: string, url: string, context: DownloadContext): Promise<void> {
  const archive = gunzipSync(await fetchFile(url, context), { maxOutputLength: maxArchiveBytes })
  const cwd = within(context.folder, name)
  await mkdir(cwd, { recursive: true })
  let refused: Error | undefined
  const filter = (path: string, entry: unknown): boolean => {
    const { type } = entry as ReadEntry
    if (type !== 'File' && type !== 'Directory') refused ??= new Error(`${path} is a ${type}, not a file`)
    return refused === undefined
  }
  // Strict: a path that leads out of the folder is an error, not a warning.
  await pipeline(Readable.from([archive]), extract({ cwd, strict: true, filter }))
  if (refused) throw refused
}

async function fetchFiles(plugin: PluginEntry, endpoint: string, context: DownloadContext): Promise<void> {
  const about = JSON.parse(String(await fetchFile(`${endpoint}/plugin/package.json`, context))) as {
    version?: unknown
  }
  if (about.version !== plugin.version) {
    throw new Error(
      `package.json has version ${String(about.version)}, spec.plugin.version ${plugin.version}`,
    )
  }
  const files = String(await fetchFile(`${endpoint}/files.txt`, context)).split('\n')
  const bad = files.find((file) => /^[/\\.]|\.\./.test(decodeURIComponent(file)))
  if (bad !== undefined) throw new Error(`files.txt: invalid entry ${bad}`)
  const root = within(within(context.folder, plugin.name), plugin.version)
  for (const file of files.filter((line) => line !== '')) {
    const path = within(root, file)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, await fetchFile(`${endpoint}/${file}`, context))
  }
}

/** One file. Redirects are not followed: they could lead off this machine. @throws Error for any status but 200 */
async function fetchFile(url: string, { resolve: find }: DownloadContext): Promise<Buffer> {
  const { statusCode, body } = await request(find(url))
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxFileBytes) throw new Error(`${url} has more than ${maxFileBytes} bytes`)
    chunks.push(chunk)
  }
  if (statusCode !== 200) throw new Error(`${url} answers ${statusCode}`)
  return Buffer.concat(chunks)
}

/** A path below a folder. @throws Error for the folder itself and for anything outside of it */
function within(folder: string, path: string): string {
  const found = resolve(folder, path)
  if (!found.startsWith(folder + sep)) throw new Error(`${path} leads out of the plugin's folder`)
  return found
}
