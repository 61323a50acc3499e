// The extension's bundle, by the shell's own build-pkg, and the tree that is served to Rancher.
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { withLock } from '../../test/testbed/lock.ts'
import { packagesOfPage } from '../image/page-packages.ts'
import { readTree, writeTar, type TarEntry } from '../image/tar.ts'
import { cached, cacheFolder, contentHash } from './cached.ts'
import { printProgress, root, runTool, withProgress } from './vue-cli.ts'

/** A built extension; all of it is read-only. */
export interface ExtensionBundle {
  readonly name: string
  readonly version: string
  /** What build-pkg made, without source maps and the report: entry file, chunks, package.json. */
  readonly folder: string
  /** The entry file, which every page of the Dashboard loads. */
  readonly entry: string
  /** `<name>-<version>.tgz` with the root folder `<version>/`: files.txt and plugin/. */
  readonly archive: string
  /** What the server's serve-plugin mode serves: the archive, and `<name>-<version>/` with the same files unpacked. */
  readonly tree: string
  /** Folders of the npm packages whose code is in it, relative to the checkout: their licences go along. */
  readonly packages: readonly string[]
}

const packagesFile = 'packages.json'

const source = 'pkg/token-registries'

/**
 * Builds the extension, or takes it from the cache when nothing that it depends on has changed. Type errors fail it.
 * @throws Error with the end of the build's output
 */
export async function ensureExtension(
  progress: (line: string) => void = printProgress,
): Promise<ExtensionBundle> {
  const { name, version } = JSON.parse(await readFile(join(root, source, 'package.json'), 'utf8')) as {
    name: string
    version: string
  }
  const shell = JSON.parse(
    await readFile(join(root, 'node_modules/@rancher/shell/package.json'), 'utf8'),
  ) as {
    version: string
  }
  const hash = await contentHash(
    [shell.version],
    root,
    [source, 'package-lock.json', 'scripts/build', 'scripts/image/tar.ts', 'scripts/image/page-packages.ts'],
    (path) => !/\.test\.ts$|\/__tests__\/|\/node_modules\/|\/\.shell(\/|$)/.test(path),
  )
  const id = `${name}-${version}`
  const folder = await cached({
    kind: 'extension',
    hash,
    build: (out) => withProgress(`extension ${id}`, progress, () => build(id, version, out)),
  })
  const tree = join(folder, 'plugin')
  return {
    name,
    version,
    folder: join(tree, id, 'plugin'),
    entry: join(tree, id, 'plugin', `${id}.umd.min.js`),
    archive: join(tree, `${id}.tgz`),
    tree,
    packages: JSON.parse(await readFile(join(folder, packagesFile), 'utf8')) as string[],
  }
}

async function build(id: string, version: string, out: string): Promise<void> {
  // build-pkg works in place: a link in the sources, its result in dist-pkg. Two at once would spoil both.
  const lock = join(cacheFolder('extension'), 'build-pkg.lock')
  await withLock(lock, async () => {
    await runTool({
      command: 'node_modules/@rancher/shell/scripts/build-pkg.sh',
      args: [basename(source)],
      // It names the result <folder>-<VERSION>. The extension is called as its chart is, which is not the folder's name.
      env: { VERSION: id.slice(basename(source).length + 1) },
    })
    const built = join(root, 'dist-pkg', id)
    // It goes on after an error of the compiler, so the exit code alone says little.
    if (!existsSync(join(built, `${id}.umd.min.js`))) throw new Error(`build-pkg made no ${id}.umd.min.js`)
    await layOut(built, id, version, out)
    await writeFile(join(out, packagesFile), JSON.stringify(await packagesOfPage(built)))
  })
}

async function layOut(built: string, id: string, version: string, out: string): Promise<void> {
  const served = join(out, 'plugin', id)
  await mkdir(served, { recursive: true })
  await cp(built, join(served, 'plugin'), {
    recursive: true,
    filter: (path) => !path.endsWith('.map') && !path.endsWith('report.html'),
  })
  const files = await readdir(join(served, 'plugin'), { recursive: true, withFileTypes: true })
  const lines = files
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(served.length + 1))
  await writeFile(join(served, 'files.txt'), `${lines.sort().join('\n')}\n`)
  const inside: TarEntry[] = [
    { path: `${version}/`, mode: 0o755, body: Buffer.alloc(0) },
    ...(await readTree(served)).map((entry) => ({ ...entry, path: `${version}/${entry.path}` })),
  ]
  // No time of its own: the same sources give the same archive.
  await writeFile(join(out, 'plugin', `${id}.tgz`), gzipSync(writeTar(inside, 0), { level: 9 }))
}
