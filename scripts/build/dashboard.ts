// The Rancher Dashboard itself, from the sources in @rancher/shell: the host that the extension is loaded into.
import { readFile, rm, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { cached, contentHash } from './cached.ts'
import { printProgress, root, runTool, withProgress } from './vue-cli.ts'

/** As Rancher serves it. With the slash: without it a reload would end in an error page. */
const base = '/dashboard/'

/**
 * Folder with the Dashboard's production build, to be served at /dashboard/ with index.html as fallback. It does not
 * hold the extension. Built once for each version of the shell, in two to three minutes and 5 GB of memory.
 * @throws Error with the end of the build's output
 */
export async function ensureDashboard(progress: (line: string) => void = printProgress): Promise<string> {
  const shell = JSON.parse(
    await readFile(join(root, 'node_modules/@rancher/shell/package.json'), 'utf8'),
  ) as {
    version: string
  }
  return cached({
    kind: 'dashboard',
    hash: await contentHash([shell.version, base], root, ['vue.config.cjs', 'babel.config.cjs']),
    build: (folder) =>
      withProgress(`Rancher Dashboard ${shell.version}`, progress, async () => {
        await runTool({
          command: 'node_modules/.bin/vue-cli-service',
          args: ['build', '--dest', folder],
          env: { HOST_ONLY: '1', ROUTER_BASE: base, RESOURCE_BASE: base },
        })
        await removeMaps(folder)
      }),
  })
}

/** Two thirds of the result, and of no use to a test. */
async function removeMaps(folder: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true })) {
    if (name.endsWith('.map')) await rm(join(folder, name))
  }
}
