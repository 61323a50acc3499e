// A small bundle in the layout of the real one, for tests of what serves it.
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { writeTar, type TarEntry } from '../../../scripts/image/tar.ts'

/** What the bundle is, and files that replace or join the usual ones. */
export interface BundleOptions {
  readonly name?: string
  readonly version?: string
  /** Path below the tree → text; null leaves a usual file out. */
  readonly files?: Readonly<Record<string, string | null>>
}

/**
 * Writes `<name>-<version>.tgz` and `<name>-<version>/{files.txt,plugin/**}`.
 *
 * @returns `<name>-<version>`
 */
export async function writeBundle(tree: string, options: BundleOptions = {}): Promise<string> {
  const { name = 'sample', version = '1.2.3', files = {} } = options
  const stem = `${name}-${version}`
  const plugin: Record<string, string> = {
    [`plugin/${stem}.umd.min.1.js`]: '/* a chunk */\n',
    [`plugin/${stem}.umd.min.js`]: `window['${stem}'] = {};\n`,
    'plugin/img/mark.1a2b3c4d.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>\n',
    'plugin/package.json': JSON.stringify({ name, version, rancher: true, main: `${stem}.umd.min.js` }),
  }
  const inside = { ...plugin, 'files.txt': `${Object.keys(plugin).sort().join('\n')}\n` }
  const usual: Record<string, string | Buffer> = { [`${stem}.tgz`]: archive(version, inside) }
  for (const [path, text] of Object.entries(inside)) usual[`${stem}/${path}`] = text
  for (const [path, content] of Object.entries<string | Buffer | null>({ ...usual, ...files })) {
    if (content === null) continue
    await mkdir(dirname(join(tree, path)), { recursive: true })
    await writeFile(join(tree, path), content)
  }
  return stem
}

function archive(version: string, files: Readonly<Record<string, string>>): Buffer {
  const folders = ['', 'plugin/', 'plugin/img/'].map((path): TarEntry => {
    return { path: `${version}/${path}`, mode: 0o755, body: Buffer.alloc(0) }
  })
  const entries = Object.entries(files).map(([path, text]): TarEntry => {
    return { path: `${version}/${path}`, mode: 0o644, body: Buffer.from(text) }
  })
  return gzipSync(writeTar([...folders, ...entries], 0))
}
