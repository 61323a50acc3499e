import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

/**
 * The licences of everything in the bundles and of Node itself, as one text: redistribution asks for them.
 *
 * @param packages folders below `root`; those that occur twice are named once
 * @throws Error naming a package that states no licence
 */
export async function collectNotices(root: string, packages: readonly string[]): Promise<string> {
  // npm drops the package that holds it as soon as another one is added, hence the copy; a test compares them.
  const node = gunzipSync(await readFile(join(import.meta.dirname, 'node-license.txt.gz'))).toString()
  const parts = [entry(`Node.js ${process.version}`, node.trim())]
  for (const folder of [...new Set(packages)].sort()) {
    const about = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8')) as {
      name: string
      version: string
      license?: string
      /** How packages said it before 2014; some still do. */
      licenses?: { type: string }[]
    }
    const licence = about.license ?? about.licenses?.map(({ type }) => type).join(' OR ')
    if (!licence) throw new Error(`${folder} states no licence; it cannot be shipped`)
    const texts = await licenceTexts(join(root, folder))
    const body =
      texts.length > 0
        ? texts.join('\n\n')
        : '(The package has no licence file; its terms are those of the identifier above.)'
    parts.push(entry(`${about.name} ${about.version} (${licence})`, body))
  }
  return `This program contains the following software, each under its own terms.\n\n${parts.join('\n\n')}\n`
}

function entry(title: string, body: string): string {
  const rule = '='.repeat(80)
  return `${rule}\n${title}\n${rule}\n\n${body}`
}

async function licenceTexts(folder: string): Promise<string[]> {
  const names = (await readdir(folder))
    .filter((name) => /^(licen[cs]e|notice|copying)(\W|$)/i.test(name))
    .sort()
  return Promise.all(names.map(async (name) => (await readFile(join(folder, name), 'utf8')).trim()))
}
