// Runs an assembled file system as a container runtime would, with the kernel's own means: namespaces, a read-only root
// and an ordinary user without privileges.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'

export interface ContainerOptions {
  /** The assembled file system; it is copied, since mount points have to be made in it. */
  readonly rootfs: string
  /** An empty place for the copy. */
  readonly work: string
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Folder inside → folder of this machine, mounted read-only. */
  readonly mounts: Readonly<Record<string, string>>
}

export interface Container {
  readonly process: ChildProcess
  /** Everything that it printed so far. */
  readonly output: () => string
  /** Waits until the output has a match. @throws Error with the output when the process ends before, or after 30 s */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>
  /** Asks it to stop. @returns its exit code */
  stop(): Promise<number | null>
}

const user = 65532

/** Mounts, then becomes the command: no process stays in between, so signals and exit code are the command's own. */
const script = `set -e
root=$1; enter=$2; shift 2
mount --bind "$root" "$root"
mount --rbind /proc "$root/proc"
while [ "$1" != -- ]; do mount --bind "$2" "$root$1"; mount -o remount,bind,ro "$root$1"; shift 2; done
shift
mount -o remount,bind,ro "$root"
cd "$root"
exec setpriv --no-new-privs $enter "$root" "$@"`

/** Starts it. As root it changes to the user; otherwise a user namespace makes us that user. */
export async function startContainer(options: ContainerOptions): Promise<Container> {
  const { rootfs, work, command, env, mounts } = options
  await cp(rootfs, work, { recursive: true, mode: 0 })
  for (const path of Object.keys(mounts)) await mkdir(join(work, path), { recursive: true })
  const asRoot = process.getuid?.() === 0
  const unshare = asRoot
    ? ['--mount']
    : ['--user', `--map-user=${user}`, `--map-group=${user}`, '--keep-caps', '--mount']
  // Without root the right to chroot (within the namespace) has to outlive the step that uses it.
  const onlyChroot = '--inh-caps=-all,+sys_chroot --ambient-caps=-all,+sys_chroot'
  const enter = asRoot ? `chroot --userspec=${user}:${user} --groups=` : `${onlyChroot} chroot`
  const child = spawn(
    'unshare',
    [...unshare, 'sh', '-c', script, 'sh', work, enter, ...Object.entries(mounts).flat(), '--', ...command],
    { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  process.once('exit', () => child.kill('SIGKILL'))
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (data) => (text += data))
  const ended = once(child, 'close')

  async function waitFor(pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = Date.now() + 30_000
    for (;;) {
      const match = pattern.exec(text)
      if (match) return match
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`no ${pattern} in:\n${text}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  async function stop(): Promise<number | null> {
    child.kill('SIGTERM')
    await ended
    return child.exitCode
  }
  return { process: child, output: () => text, waitFor, stop }
}
