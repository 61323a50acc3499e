// `npm run dashboard`: the Rancher Dashboard with the page, on clusters in which the product runs, until Ctrl-C.
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { startPageStage, type PageStage } from '../test/e2e/stage.ts'
import { passwordOfAll, people } from '../test/e2e/stage/people.ts'
import { ensureExtension } from './build/extension.ts'
import { startDevServer, type DevServer } from './dashboard/dev-server.ts'

const usage = `usage: npm run dashboard [-- OPTIONS]

  --dev         with the sources of pkg/ built in, and reloaded at every save
  --clusters 2  with a second cluster, reached as Rancher reaches others than its own (1.3 GB more)
  --empty       without the sample registries`

const { dev, clusters, empty } = readArguments()
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // The first signal ends it in order, a second one at once.
    if (stop.signal.aborted) process.exit(130)
    stop.abort()
  })
}

let stage: PageStage | undefined
let server: DevServer | undefined
let failed = false
try {
  console.log('… starting, in about a minute once everything is built')
  stage = await startPageStage({ clusters, seed: !empty, progress: (line) => console.log(`… ${line}`) })
  if (dev && !stop.signal.aborted) {
    console.log('… compiling Dashboard and page, in about a minute')
    server = await startDevServer(stage.rancher.url, (line) => console.log(line))
  }
  invite(server?.url ?? stage.url)
  if (!dev) rebuildOnEnter(stage)
  if (!stop.signal.aborted) await once(stop.signal, 'abort')
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  failed = true
}
console.log('Stopping.')
await server?.stop()
await stage?.stop()
process.exit(failed ? 1 : 0)

function invite(url: string): void {
  const lines = Object.entries(people).map(([name, who]) => `  ${name.padEnd(6)} ${who}`)
  console.log(`\n${url}\n\nUsers, all with the password ${passwordOfAll}:\n${lines.join('\n')}\n`)
  if (dev) console.log('Save a file below pkg/token-registries to see it.')
  else if (process.stdin.isTTY) console.log('Enter builds the page anew; the next page load has it.')
  console.log('Stop with Ctrl-C.')
}

/** As an upgrade of the chart would bring it. */
function rebuildOnEnter({ plugin }: PageStage): void {
  if (!process.stdin.isTTY) return
  let work = Promise.resolve()
  createInterface({ input: process.stdin }).on('line', () => {
    work = work
      .then(async () => plugin.replace(await ensureExtension((line) => console.log(`… ${line}`))))
      .then(() => console.log('served: reload the page'))
      .catch((error: unknown) => console.error(error instanceof Error ? error.message : String(error)))
  })
}

function readArguments(): { dev: boolean; clusters: 1 | 2; empty: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        dev: { type: 'boolean', default: false },
        clusters: { type: 'string', default: '1' },
        empty: { type: 'boolean', default: false },
      },
    })
    if (values.clusters !== '1' && values.clusters !== '2') throw new Error('--clusters takes 1 or 2')
    return { ...values, clusters: values.clusters === '1' ? 1 : 2 }
  } catch (thrown) {
    console.error(`${thrown instanceof Error ? thrown.message : String(thrown)}\n\n${usage}`)
    process.exit(2)
  }
}
