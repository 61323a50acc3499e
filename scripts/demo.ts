// `npm run demo`: the product at work on real parts, told step by step. It prints where to log in and stays up until Ctrl-C;
// with `-- --once` it drives the page in a browser, goes on past the first token's end and exits with 0, or with 1 and why.
import { parseArgs } from 'node:util'
import { outliveTheToken, setUpRegistry } from './demo/acts.ts'
import { Stage } from './demo/scene.ts'
import { setTheStage } from './demo/setting.ts'
import { invite, narrate } from './demo/stay.ts'
import { Story } from './demo/story.ts'
import { byForm, byKubectl, countRequests } from './demo/ways.ts'

const usage = `usage: npm run demo [-- --once]

  --once  create the registry through the page's form in a real browser, prove that pulls outlive the token's expiry,
          then stop with exit code 0 (1 when something failed)`

const steps = { once: 14, stay: 9 }
/** Life of a token of the fake ECR, in milliseconds: short enough to see it end, long enough to look around. */
const lifetime = { once: 30_000, stay: 300_000 }

const once = readArguments()
const mode = once ? 'once' : 'stay'
const story = new Story(steps[mode], (line) => console.log(line))
const stage = new Stage()
const stop = new AbortController()
let ending: Promise<never> | undefined
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)

try {
  const play = await setTheStage(story, stage, lifetime[mode])
  if (once) {
    const browser = await stage.openBrowser(play.front)
    const first = await setUpRegistry(story, play, byForm(browser, play))
    await outliveTheToken(story, play, first)
    await countRequests(story, browser)
    story.line('Done: pulls outlived their token. Stopping.')
  } else {
    await setUpRegistry(story, play, byKubectl(play))
    await invite(story, play)
    await narrate(story, play, stop.signal)
    story.line('Stopping.')
  }
  await end(0)
} catch (error) {
  if (!stop.signal.aborted) {
    console.error(
      `\nThe demo failed in ${story.doing}:\n${error instanceof Error ? error.message : String(error)}`,
    )
    if (process.env['DEBUG'] && error instanceof Error) console.error(error.stack)
  }
  await end(stop.signal.aborted ? 130 : 1)
}

/** The first signal ends the demo in order, a second one at once. */
function onSignal(): void {
  if (stop.signal.aborted) process.exit(130)
  stop.abort()
  // While it stays up, its loop sees the signal; before that there is no use in going on.
  if (!story.finished) void end(130)
}

/** A signal and the failure that it causes meet here; the first one's code counts. */
function end(code: number): Promise<never> {
  ending ??= stage.close().then((clean) => process.exit(clean ? code : code || 1))
  return ending
}

function readArguments(): boolean {
  try {
    return parseArgs({ options: { once: { type: 'boolean', default: false } } }).values.once
  } catch (thrown) {
    console.error(`${thrown instanceof Error ? thrown.message : String(thrown)}\n\n${usage}`)
    process.exit(2)
  }
}
