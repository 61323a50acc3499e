import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'

export interface Bundle {
  /** Files of the app below the output folder; `server.mjs` is the entry, the rest is loaded when it is needed. */
  readonly files: readonly string[]
  /** Folders of the npm packages whose code is in it, relative to the checkout. */
  readonly packages: readonly string[]
}

/** CommonJS packages in an ES module bundle still ask for these. */
const commonJsNeeds = [
  "import { createRequire as __createRequire } from 'node:module';",
  'const require = __createRequire(import.meta.url);',
  'const __filename = import.meta.filename; const __dirname = import.meta.dirname;',
].join(' ')

/**
 * Leaves out what nobody calls. client-node does not say that its modules have no side effects, so its 400 kB of models
 * would come along with the KubeConfig; and all of undici would.
 */
const leaner: Plugin = {
  name: 'leaner',
  setup({ onResolve }) {
    onResolve({ filter: /^\.{1,2}\// }, ({ importer, resolveDir, path }) =>
      importer.includes('/@kubernetes/client-node/dist/')
        ? { path: join(resolveDir, path), sideEffects: false }
        : undefined,
    )
    onResolve({ filter: /^undici$/ }, () => ({ path: join(import.meta.dirname, 'undici.mjs') }))
  },
}

/**
 * Puts the server into one file plus chunks: unbundled it takes 40 MiB more memory and a second more to start. Names
 * are kept, so that stack traces can be read without source maps; shortening them saves no memory either.
 */
export async function bundleServer(root: string, outdir: string, version: string): Promise<Bundle> {
  await rm(outdir, { recursive: true, force: true })
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { server: 'server/main.ts' },
    outdir,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true, // the AWS SDK loads when the first AWS registry appears
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none', // whole licences are in NOTICES
    mainFields: ['module', 'main'],
    // Of client-node only KubeConfig is used; its index brings clients for watch, exec and copy along.
    alias: { '@kubernetes/client-node': join(root, 'node_modules/@kubernetes/client-node/dist/config.js') },
    plugins: [leaner],
    banner: { js: commonJsNeeds },
    define: { 'process.env.TOKEN_REGISTRIES_VERSION': JSON.stringify(version) },
    metafile: true,
    logLevel: 'warning',
  })
  const packages = new Set<string>()
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      const folder = packageOf(input)
      if (folder !== undefined && bytesInOutput > 0) packages.add(folder)
    }
  }
  const files = Object.keys(metafile.outputs).map((file) => join(root, file).slice(outdir.length + 1))
  return { files: files.sort(), packages: [...packages].sort() }
}

function packageOf(input: string): string | undefined {
  return /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1]
}
