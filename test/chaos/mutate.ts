// Copies of the product with a planted bug, outside of the checkout.
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Mutant, Mutation } from './row.ts'

const root = join(import.meta.dirname, '../..')
/** Large, or not read by any test of the server. */
const leftOut = /^(node_modules|\.git|dist|dist-pkg|pkg)(\/|$)/

export interface MutatedCopy {
  readonly folder: string
  /** The server's program. */
  readonly main: string
  remove(): Promise<void>
}

/**
 * Copies the checkout and plants the mutant's changes.
 * @param parts folders and files to copy; default: all that tests of the server need
 * @throws Error when a text to replace does not stand there exactly once
 */
export async function plant(mutant: Mutant | undefined, parts?: readonly string[]): Promise<MutatedCopy> {
  const folder = await mkdtemp(join(tmpdir(), 'token-registries-mutant-'))
  const copy = { folder, main: join(folder, 'server/main.ts'), remove: () => rm(folder, { recursive: true }) }
  try {
    const filter = (source: string): boolean => !leftOut.test(source.slice(root.length + 1))
    if (parts === undefined) await cp(root, folder, { recursive: true, filter })
    else for (const part of parts) await cp(join(root, part), join(folder, part), { recursive: true })
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
    for (const mutation of mutationsOf(mutant)) await apply(folder, mutation)
    return copy
  } catch (error) {
    await copy.remove()
    throw error
  }
}

export function mutationsOf(mutant: Mutant | undefined): readonly Mutation[] {
  if (mutant === undefined) return []
  return 'file' in mutant ? [mutant] : mutant
}

/** One sentence about what the mutant does wrong. */
export function describeMutant(mutant: Mutant): string {
  return mutationsOf(mutant)
    .map(({ why }) => why)
    .join('; ')
}

async function apply(folder: string, { file, from, to }: Mutation): Promise<void> {
  const path = join(folder, file)
  const text = await readFile(path, 'utf8')
  const count = text.split(from).length - 1
  if (count !== 1) throw new Error(`${file} holds this text ${count} times instead of once: ${from}`)
  await writeFile(
    path,
    text.replace(from, () => to),
  )
}
