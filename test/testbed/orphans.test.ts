import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startControlPlane } from './control-plane.ts'

const fixture = join(import.meta.dirname, 'orphans.fixture.ts')

describe('children of the testbed', { timeout: 300_000 }, () => {
  const endings: [string, NodeJS.Signals | undefined][] = [
    ['killed with SIGKILL', 'SIGKILL'],
    ['told to end with SIGTERM', 'SIGTERM'],
    ['interrupted with SIGINT', 'SIGINT'],
    ['throw', undefined],
    ['return', undefined],
  ]
  for (const [ending, signal] of endings) {
    it(`end with their parent: ${ending}`, async () => {
      const parent = spawn(process.execPath, [fixture, ending], { stdio: ['ignore', 'pipe', 'ignore'] })
      const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string]
      const { pids, folder } = JSON.parse(line) as { pids: number[]; folder: string }
      assert.equal(pids.length, 3)
      const ended = once(parent, 'exit')
      if (signal) parent.kill(signal)
      await ended
      await untilEnded(pids)
      if (signal === 'SIGKILL') await rm(folder, { recursive: true })
      else assert.equal(existsSync(folder), false)
    })
  }

  it('make a start fail with the end of their log when one dies early', async () => {
    await assert.rejects(
      startControlPlane({ apiServerFlags: ['--no-such-flag'] }),
      /kube-apiserver ended \(exit code 1\):.*no-such-flag/s,
    )
  })
})

async function untilEnded(pids: number[]): Promise<void> {
  const deadline = Date.now() + 30_000
  while (pids.some(isRunning)) {
    assert.ok(Date.now() < deadline, `still running: ${pids.filter(isRunning).join(', ')}`)
    await delay(20)
  }
}

/** A zombie has ended: it only waits for a first process that collects orphans, which not every container has. */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
