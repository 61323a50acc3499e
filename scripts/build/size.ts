// How much of the extension a browser has to fetch.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { ExtensionBundle } from './extension.ts'

/** One script of the bundle; sizes in bytes. */
export interface ScriptSize {
  readonly name: string
  readonly plain: number
  readonly zipped: number
}

/** What a bundle weighs; the largest script comes first. */
export interface BundleSize {
  /** What every page of the Dashboard loads, also where nobody looks at ours. */
  readonly entry: ScriptSize
  readonly scripts: readonly ScriptSize[]
  /** All scripts together, compressed, in bytes. */
  readonly total: number
}

/** Most bytes, compressed: of the entry, and of all scripts together. */
export const sizeLimits = { entry: 300_000, total: 750_000 } as const

/** Weighs the scripts as a server would send them. @throws Error when there is no entry file */
export async function weigh({
  folder,
  entry,
}: Pick<ExtensionBundle, 'folder' | 'entry'>): Promise<BundleSize> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.js'))
  const scripts = await Promise.all(
    names.map(async (name): Promise<ScriptSize> => {
      const content = await readFile(join(folder, name))
      return { name, plain: content.length, zipped: gzipSync(content).length }
    }),
  )
  scripts.sort((a, b) => b.zipped - a.zipped)
  const found = scripts.find(({ name }) => join(folder, name) === entry)
  if (!found) throw new Error(`the bundle has no entry file ${entry}`)
  return { entry: found, scripts, total: scripts.reduce((sum, { zipped }) => sum + zipped, 0) }
}

/** What is too large, in words; empty when nothing is. */
export function tooLarge({ entry, total }: BundleSize): string[] {
  const problems: string[] = []
  if (entry.zipped > sizeLimits.entry)
    problems.push(
      `the entry file has ${kilobytes(entry.zipped)}, ${kilobytes(sizeLimits.entry)} are allowed: load lists, forms and dialogs lazily`,
    )
  if (total > sizeLimits.total)
    problems.push(`all scripts have ${kilobytes(total)}, ${kilobytes(sizeLimits.total)} are allowed`)
  return problems
}

/** Lines for people: the sum, and each script. */
export function describeSize({ entry, scripts, total }: BundleSize): string[] {
  const sum = `entry ${kilobytes(entry.zipped)} of at most ${kilobytes(sizeLimits.entry)}, all ${scripts.length} scripts ${kilobytes(total)} of at most ${kilobytes(sizeLimits.total)} (gzipped)`
  return [sum, ...scripts.map(({ name, zipped }) => `  ${kilobytes(zipped).padStart(7)}  ${name}`)]
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1000)} kB`
}
