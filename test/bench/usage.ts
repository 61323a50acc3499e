// What a process takes of the machine, as Linux counts it.
import { readFileSync, writeFileSync } from 'node:fs'
import { ticksPerSecond } from '../../scripts/bench/machine.ts'

/** CPU time in seconds since the process began, user and system, without its children's. 0 when it is gone. */
export function cpuSeconds(pid: number): number {
  const [user = 0, system = 0] = times(pid)
  return user + system
}

/** CPU time in seconds of this process, and of all children that have ended. */
export function cpuSecondsWithChildren(): number {
  return times(process.pid).reduce((sum, seconds) => sum + seconds, 0)
}

/** User, system, and the same of children that have ended. */
function times(pid: number): number[] {
  const stat = readProc(pid, 'stat')
  // The program's name stands in parentheses and may hold spaces; the fields after it begin with the third.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return stat === '' ? [] : fields.slice(11, 15).map((ticks) => Number(ticks) / ticksPerSecond)
}

/** Memory in MiB: resident now, the highest since `forgetPeak`, and the part that belongs to no file. */
export interface Memory {
  readonly resident: number
  readonly peak: number
  readonly anonymous: number
}

/** @throws Error when the process is gone */
export function memoryOf(pid: number): Memory {
  const status = readProc(pid, 'status')
  const mebibytes = (field: string): number => {
    const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]
    if (kibibytes === undefined) throw new Error(`process ${pid} tells no ${field}: it ended`)
    return Number(kibibytes) / 1024
  }
  return { resident: mebibytes('VmRSS'), peak: mebibytes('VmHWM'), anonymous: mebibytes('RssAnon') }
}

/** Lets the peak begin anew. */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return ''
    throw error
  }
}
