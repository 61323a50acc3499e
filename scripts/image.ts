// The image, server and page, without a container engine: `npm run image` writes dist/image (an OCI layout) and
// dist/image.tar.
// `--rootfs FOLDER` stops after the file system, which is what the Dockerfile wraps: both give the same files.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ensureExtension } from './build/extension.ts'
import { archiveLayout, describeImage, writeLayout } from './image/oci.ts'
import { assembleRootfs } from './image/rootfs.ts'

const root = join(import.meta.dirname, '..')
const { values } = parseArgs({ options: { rootfs: { type: 'string' }, out: { type: 'string' } } })
const out = resolve(values.out ?? join(root, 'dist'))
const folder = values.rootfs === undefined ? join(out, 'rootfs') : resolve(values.rootfs)
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
// The same commit gives the same image; https://reproducible-builds.org/specs/source-date-epoch/
const epochSeconds = Number(process.env['SOURCE_DATE_EPOCH'] ?? git('log', '-1', '--format=%ct') ?? 0)

const extension = await ensureExtension()
await assembleRootfs({ root, folder, version, epochSeconds, extension })
console.log(`file system: ${folder}`)
if (values.rootfs === undefined) {
  const revision = process.env['SOURCE_REVISION'] ?? git('rev-parse', 'HEAD') ?? ''
  const reference = `token-registries/server:${version}`
  const files = await describeImage({ rootfs: folder, version, revision, epochSeconds, reference })
  await writeLayout(files, join(out, 'image'))
  const archive = join(out, 'image.tar')
  await writeFile(archive, archiveLayout(files, epochSeconds))
  const megabytes = Math.round((await stat(archive)).size / 1e6)
  console.log(`OCI layout:  ${join(out, 'image')}\narchive:     ${archive} (${megabytes} MB, ${reference})`)
}

/** undefined outside of a git checkout. */
function git(...args: string[]): string | undefined {
  try {
    return execFileSync('git', args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return undefined
  }
}
