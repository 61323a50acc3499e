// The chart and the server as they were at the commit that fixtures/README.md names.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startServer, type ServerProcess } from '../integration/harness.ts'
import type { ControlPlane } from '../testbed/control-plane.ts'
import type { InstalledChart } from './install.ts'

const fixtures = join(import.meta.dirname, 'fixtures')

/** The packed chart. */
export const oldChart = join(fixtures, 'chart-1bbb223.tgz')

/** Starts the old server under the chart's ServiceAccount; the caller ends it. Resolves when it leads. */
export async function startOldServer(cp: ControlPlane, chart: InstalledChart): Promise<ServerProcess> {
  await promisify(execFile)('tar', ['xzf', join(fixtures, 'server-1bbb223.tgz'), '-C', cp.folder])
  const server = await startServer(cp, chart, { name: 'old', main: join(cp.folder, 'server/server.mjs') })
  await server.line('this replica leads')
  return server
}
