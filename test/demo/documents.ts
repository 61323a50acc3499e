// The documents of this repository, taken apart for tests.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '../..')

export interface Document {
  /** Path from the top of the repository. */
  readonly path: string
  readonly text: string
}

export interface Block {
  readonly path: string
  /** Of the line with the fence, counted from 1. */
  readonly line: number
  readonly text: string
}

const elsewhere = /(^|\/)(node_modules|dist|\.git|\.cache)(\/|$)/

/** Every Markdown file. */
export async function readDocuments(): Promise<Document[]> {
  const paths = (await readdir(root, { recursive: true })).filter(
    (path) => path.endsWith('.md') && !elsewhere.test(path),
  )
  return Promise.all(
    paths.sort().map(async (path) => ({ path, text: await readFile(join(root, path), 'utf8') })),
  )
}

/** Fenced blocks of one language. */
export function blocks({ path, text }: Document, language: string): Block[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .filter(([, found]) => found === language)
    .map((match) => ({
      path,
      line: text.slice(0, match.index).split('\n').length,
      text: match[2] ?? '',
    }))
}

/** The anchors of a document's headings, as GitHub makes them. */
export function anchors({ text }: Document): Set<string> {
  const headings = text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.+)$/gm)
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/ /g, '-'),
    ),
  )
}
