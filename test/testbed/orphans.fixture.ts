// Started by orphans.test.ts: a program that starts a control plane, says so and never stops it.
import { startControlPlane } from './control-plane.ts'

const plane = await startControlPlane()
const pids = Object.values(plane.processes).map(({ pid }) => pid)
process.stdout.write(`${JSON.stringify({ pids, folder: plane.folder })}\n`)
if (process.argv[2] === 'throw') throw new Error('on purpose')
if (process.argv[2] !== 'return') setInterval(() => undefined, 60_000)
