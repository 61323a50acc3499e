// Whatever way this process ends, its children end and its folders go. SIGKILL is the exception: then the children
// notice by themselves (go/parent.go) and the folders are swept by a later start.
import { rmSync } from 'node:fs'

const pids = new Set<number>()
const folders = new Set<string>()
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
let installed = false

/** Remembers a child to kill when this process ends. */
export function guardPid(pid: number): void {
  install()
  pids.add(pid)
}

/** To be called once the child is gone: its id may belong to another process soon. */
export function releasePid(pid: number): void {
  pids.delete(pid)
}

/** Remembers a folder to remove when this process ends. */
export function guardFolder(path: string): void {
  install()
  folders.add(path)
}

/** Forgets a folder that was removed or is to be kept. */
export function releaseFolder(path: string): void {
  folders.delete(path)
}

function install(): void {
  if (installed) return
  installed = true
  process.on('exit', cleanUp)
  for (const signal of signals) process.on(signal, onSignal)
}

function onSignal(signal: NodeJS.Signals): void {
  // With another listener the program shuts down in its own way, and its exit comes by the handler above.
  if (process.listenerCount(signal) > 1) return
  cleanUp()
  process.removeListener(signal, onSignal)
  process.kill(process.pid, signal)
}

function cleanUp(): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended on its own since.
    }
  }
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  pids.clear()
  folders.clear()
}
