import { createHash } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { nonRoot } from './rootfs.ts'
import { readTree, writeTar, type TarEntry } from './tar.ts'

export interface ImageOptions {
  /** The assembled file system. */
  readonly rootfs: string
  readonly version: string
  /** Commit, or empty when unknown. */
  readonly revision: string
  readonly epochSeconds: number
  /** Name and tag that tools show after loading. */
  readonly reference: string
}

export interface ImageFile {
  readonly path: string
  readonly body: Buffer
}

interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

const types = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
}
const architectures: Record<string, string> = { x64: 'amd64', arm64: 'arm64' }

/** The files of an OCI image layout (and Docker's manifest.json beside it), with one layer. Same input, same bytes. */
export async function describeImage(options: ImageOptions): Promise<readonly ImageFile[]> {
  const { rootfs, version, revision, epochSeconds, reference } = options
  const tar = writeTar(await readTree(rootfs), epochSeconds)
  const layer = await promisify(gzip)(tar, { level: 6 })
  const created = new Date(epochSeconds * 1000).toISOString()
  const platform = { architecture: architectures[process.arch] ?? process.arch, os: 'linux' }
  const files: ImageFile[] = []

  function blob(mediaType: string, body: Buffer): Descriptor {
    const hex = sha256(body)
    files.push({ path: `blobs/sha256/${hex}`, body })
    return { mediaType, digest: `sha256:${hex}`, size: body.length }
  }
  const config = blob(
    types.config,
    json({
      created,
      ...platform,
      config: {
        User: `${nonRoot}:${nonRoot}`,
        Env: ['PATH=/nodejs/bin', ...environment],
        Entrypoint: ['/nodejs/bin/node', '/app/server.mjs'],
        WorkingDir: '/',
        ExposedPorts: { '8080/tcp': {}, '8081/tcp': {} },
        Labels: {
          'org.opencontainers.image.title': 'token-registries',
          'org.opencontainers.image.version': version,
          'org.opencontainers.image.revision': revision,
          'org.opencontainers.image.licenses': 'Apache-2.0',
        },
      },
      rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(tar)}`] },
      history: [{ created, created_by: 'scripts/image.ts' }],
    }),
  )
  const layers = [blob(types.layer, layer)]
  const manifest = blob(types.manifest, json({ schemaVersion: 2, mediaType: types.manifest, config, layers }))
  const annotations = {
    'org.opencontainers.image.ref.name': reference.split(':').at(-1),
    'io.containerd.image.name': reference,
  }
  const index = {
    schemaVersion: 2,
    mediaType: types.index,
    manifests: [{ ...manifest, platform, annotations }],
  }
  const blobPath = ({ digest }: Descriptor) => `blobs/${digest.replace(':', '/')}`
  const forDocker = [{ Config: blobPath(config), RepoTags: [reference], Layers: layers.map(blobPath) }]
  files.push({ path: 'oci-layout', body: json({ imageLayoutVersion: '1.0.0' }) })
  files.push({ path: 'index.json', body: json(index) }, { path: 'manifest.json', body: json(forDocker) })
  return files
}

/** What the process is started with: a heap that collects early, and one pool for all native memory (docs/adr/0013). */
export const environment = [
  'NODE_ENV=production',
  'NODE_OPTIONS=--max-semi-space-size=2 --max-old-space-size=128',
  'MALLOC_ARENA_MAX=1',
  'MALLOC_TRIM_THRESHOLD_=131072',
]

/** Writes the layout as a folder (for skopeo, crane, buildah). */
export async function writeLayout(files: readonly ImageFile[], folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  for (const { path, body } of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), body)
  }
}

/** The layout as one archive (for docker load, ctr images import, podman load). */
export function archiveLayout(files: readonly ImageFile[], epochSeconds: number): Buffer {
  const folders = ['blobs/', 'blobs/sha256/'].map((path): TarEntry => ({
    path,
    mode: 0o755,
    body: Buffer.alloc(0),
  }))
  const entries = files.map(({ path, body }): TarEntry => ({ path, mode: 0o644, body }))
  return writeTar(
    [...folders, ...entries].sort((a, b) => (a.path < b.path ? -1 : 1)),
    epochSeconds,
  )
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
