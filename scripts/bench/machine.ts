import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import type { Machine } from './report.ts'

/** This machine, and what runs the server and the cluster. */
export function describeMachine(kubernetes: string): Machine {
  const all = cpus()
  return {
    cpu: all[0]?.model ?? 'unknown',
    cores: all.length,
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    kernel: release(),
    node: process.version,
    kubernetes,
  }
}

/** The commit that is checked out, and whether what the server is made of differs from it; empty outside of git. */
export function describeCommit(root: string): { commit: string; modified: boolean } {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  try {
    return {
      commit: git('rev-parse', 'HEAD'),
      modified:
        git('status', '--porcelain', '--', 'server', 'charts', 'scripts/image', 'package-lock.json') !== '',
    }
  } catch {
    return { commit: '', modified: false }
  }
}

/** CPU time in seconds of the whole machine since it was started, idle time left out. */
export function machineCpuSeconds(): number {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (
    readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? ''
  )
    .split(/\s+/)
    .map(Number)
  return (user + nice + system + irq + softirq) / ticksPerSecond
}

/** Linux reports times in these, whatever the kernel's own tick is. */
export const ticksPerSecond = 100
