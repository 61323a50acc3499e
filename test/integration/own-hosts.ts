// Names for one process alone: a hosts file of its own, which the system's resolver reads anew at each lookup.
import { writeFile } from 'node:fs/promises'

/** Mounts, then becomes the command: no process stays in between. */
const script = 'mount --bind "$1" /etc/hosts; shift; exec "$@"'

/** Use it as `through` of a server. Needs what the image's tests need: root, or a kernel that lets users have namespaces. */
export function withHosts(file: string): string[] {
  const unshare = process.getuid?.() === 0 ? ['--mount'] : ['--user', '--map-root-user', '--mount']
  return ['unshare', ...unshare, 'sh', '-ec', script, 'sh', file]
}

/** Writes the file in place, since a mount holds on to the file and not to its name. */
export async function writeHosts(file: string, names: Readonly<Record<string, string>>): Promise<void> {
  const lines = Object.entries({ localhost: '127.0.0.1', ...names }).map(
    ([name, address]) => `${address} ${name}\n`,
  )
  await writeFile(file, lines.join(''))
}
