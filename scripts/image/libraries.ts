import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

/** glibc opens these by name when a host is looked up; since 2.34 they are part of libc itself and small stand-ins. */
const openedByName = ['libnss_dns.so.2', 'libnss_files.so.2', 'libresolv.so.2']

/**
 * The shared libraries that a program loads, with the loader, at the paths where it looks for them.
 *
 * @throws Error when the system's libc is not glibc (the published Node needs it), or a library is missing
 */
export async function librariesOf(program: string): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)('ldd', [program])
  const missing = /^\s*(\S+) => not found/m.exec(stdout)?.[1]
  if (missing !== undefined) throw new Error(`${program} needs ${missing}, which this system does not have`)
  const found = [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map((match) => match[1]!)
  const libc = found.find((path) => path.endsWith('/libc.so.6'))
  if (libc === undefined)
    throw new Error('this system has no glibc; assemble the image on Debian, Ubuntu or the like')
  const extra = openedByName.map((name) => join(dirname(libc), name)).filter((path) => existsSync(path))
  return [...new Set([...found, ...extra])].sort()
}

/** Copyright files of the Debian packages that these libraries come from; none on other systems. */
export function copyrightsOf(): readonly string[] {
  return ['libc6', 'libgcc-s1', 'libstdc++6', 'gcc-12-base', 'gcc-14-base']
    .map((name) => `/usr/share/doc/${name}/copyright`)
    .filter((path) => existsSync(path))
}
