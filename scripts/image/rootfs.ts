import { chmod, copyFile, mkdir, readdir, realpath, rm, utimes, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { readBundle } from '../../server/plugin/bundle.ts'
import { bundleServer } from './bundle.ts'
import { copyrightsOf, librariesOf } from './libraries.ts'
import { collectNotices } from './notices.ts'

/** The user that the server runs as; the chart says the same. */
export const nonRoot = 65532

export interface RootfsOptions {
  /** The checkout. */
  readonly root: string
  /** Where the file system is put; what was there is removed. */
  readonly folder: string
  readonly version: string
  /** Unix time that every file gets. */
  readonly epochSeconds: number
  /** The Dashboard extension, as ensureExtension gives it. */
  readonly extension: { readonly tree: string; readonly packages: readonly string[] }
}

/**
 * Assembles what the container sees as `/`: Node, the libraries that it loads, the server, the Dashboard extension
 * that it can serve, and the few files of /etc that name look-ups read. No shell, no package manager, nothing else that
 * can be executed.
 *
 * @throws BundleError when the extension is not complete
 */
export async function assembleRootfs(options: RootfsOptions): Promise<void> {
  const { root, folder, version, epochSeconds, extension } = options
  await rm(folder, { recursive: true, force: true })
  const at = (path: string) => join(folder, path)
  const copy = async (from: string, to: string, mode: number) => {
    await mkdir(dirname(at(to)), { recursive: true })
    await copyFile(await realpath(from), at(to))
    await chmod(at(to), mode)
  }
  const write = async (to: string, text: string) => {
    await mkdir(dirname(at(to)), { recursive: true })
    await writeFile(at(to), text)
    await chmod(at(to), 0o644)
  }

  const { packages } = await bundleServer(root, at('app'), version)
  await write('app/NOTICES', await collectNotices(root, [...packages, ...extension.packages]))
  // By the server's own eyes: exactly what it would serve, and only when Rancher could load it.
  const { files } = await readBundle(extension.tree)
  for (const path of files.keys()) await copy(join(extension.tree, path), join('app/plugin', path), 0o644)
  if (existsSync(join(root, 'LICENSE'))) await copy(join(root, 'LICENSE'), 'app/LICENSE', 0o644)

  const node = join(root, 'node_modules/.bin/node')
  await copy(node, 'nodejs/bin/node', 0o755)
  for (const library of await librariesOf(node))
    await copy(library, library, isLoader(library) ? 0o755 : 0o644)
  for (const file of copyrightsOf()) await copy(file, file, 0o644)

  // Node's own list, not the builder's: that one may trust what this machine's owner trusts.
  await write('etc/ssl/certs/ca-certificates.crt', `${rootCertificates.join('\n')}\n`)
  await write('etc/nsswitch.conf', 'hosts: files dns\n')
  await write('etc/passwd', passwd)
  await write('etc/group', group)
  for (const mount of ['dev', 'proc', 'sys', 'tmp', 'home/nonroot'])
    await mkdir(at(mount), { recursive: true })
  await normalize(folder, epochSeconds)
  await chmod(at('tmp'), 0o1777)
}

const passwd = `root:x:0:0:root:/:/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin
nonroot:x:${nonRoot}:${nonRoot}:nonroot:/home/nonroot:/sbin/nologin
`
const group = `root:x:0:
nogroup:x:65534:
nonroot:x:${nonRoot}:
`

function isLoader(library: string): boolean {
  return /\/ld-linux[^/]*$/.test(library)
}

/** Folders readable by all and every time the same, whatever umask and clock the builder has. */
async function normalize(folder: string, epochSeconds: number): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await normalize(path, epochSeconds)
    else await utimes(path, epochSeconds, epochSeconds)
  }
  await chmod(folder, 0o755)
  await utimes(folder, epochSeconds, epochSeconds)
}
