// Which Chromium the tests run in: the system's, or the one that comes with the npm packages.
import { execFile } from 'node:child_process'
import { access, constants, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { cached, contentHash } from '../../scripts/build/cached.ts'
import { root } from '../../scripts/build/vue-cli.ts'

/** A Chromium that can be started. */
export interface Chromium {
  readonly executable: string
  /** What it needs beside the environment of this process. */
  readonly env: Readonly<Record<string, string>>
}

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']

/**
 * CHROMIUM_PATH when it is set, else the system's Chromium or Chrome, else the one of @sparticuz/chromium, which brings
 * its libraries and fonts and is unpacked once into the user's cache folder (10 seconds, 250 MB).
 * @throws Error when CHROMIUM_PATH names no program
 */
export async function findChromium(env: NodeJS.ProcessEnv = process.env): Promise<Chromium> {
  const named = env['CHROMIUM_PATH']
  if (named) {
    if (await isProgram(named)) return { executable: named, env: {} }
    throw new Error(`CHROMIUM_PATH is ${named}, where there is no program`)
  }
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    for (const name of names) {
      const executable = join(folder, name)
      if (folder !== '' && (await isProgram(executable))) return { executable, env: {} }
    }
  }
  return ensurePackagedChromium()
}

/** The Chromium of the npm package, unpacked. */
export async function ensurePackagedChromium(): Promise<Chromium> {
  const folder = await cached({
    kind: 'chromium',
    hash: await contentHash([fontConfiguration], root, ['node_modules/@sparticuz/chromium/package.json']),
    build: unpack,
  })
  return {
    executable: join(folder, 'chromium'),
    env: { LD_LIBRARY_PATH: join(folder, 'al2023/lib'), FONTCONFIG_PATH: join(folder, 'fonts') },
  }
}

const unpacking = `import chromium from '@sparticuz/chromium'; await chromium.executablePath()`

/**
 * In a process of its own: the package unpacks into the temporary folder that it finds when it is loaded, and changes the
 * environment. Only for what looks like AWS Lambda does it unpack the libraries too.
 */
async function unpack(folder: string): Promise<void> {
  const env = { ...process.env, TMPDIR: folder, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' }
  const args = ['--input-type=module', '--eval', unpacking]
  await promisify(execFile)(process.execPath, args, { cwd: root, env })
  for (const part of ['chromium', 'al2023/lib', 'fonts/fonts']) await access(join(folder, part))
  await writeFile(join(folder, 'fonts/fonts.conf'), fontConfiguration)
}

/** The package's own names folders of AWS Lambda; Chromium ends when a page wants text and there is no font at all. */
const fontConfiguration = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">token-registries/fontconfig</cachedir>
</fontconfig>
`

async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
