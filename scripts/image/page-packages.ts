import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** From the first node_modules of a source's name to the package that it belongs to, nested ones included. */
const packageFolder = /(?:^|\/)(node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/[^/]+|[^@/][^/]*))\//

/**
 * Folders of the npm packages whose code is in the extension's bundle, relative to the checkout. Webpack tells them in
 * its source maps, which are not shipped themselves.
 *
 * @param folder what build-pkg made, maps included
 * @throws Error when there are no maps, or one names no sources
 */
export async function packagesOfPage(folder: string): Promise<readonly string[]> {
  const maps = (await readdir(folder)).filter((name) => name.endsWith('.js.map'))
  if (maps.length === 0)
    throw new Error(`${folder} has no source maps to tell which packages are in the bundle`)
  const packages = new Set<string>()
  for (const name of maps) {
    const { sources } = JSON.parse(await readFile(join(folder, name), 'utf8')) as { sources?: string[] }
    if (!sources?.length) throw new Error(`${name} names no sources`)
    for (const source of sources) {
      const found = packageFolder.exec(source)?.[1]
      if (found !== undefined) packages.add(found)
    }
  }
  return [...packages].sort()
}
