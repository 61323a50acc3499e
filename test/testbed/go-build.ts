// Builds a Go program and tells how far it is: what it prints is one line for each package.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

const progressEveryMs = 5_000

/** What is built. */
export interface GoBuild {
  /** In lines of progress and errors. */
  readonly name: string
  /** Said at the start, after the name. */
  readonly hint: string
  /** Path of the `go` command, from findGo. */
  readonly go: string
  /** Folder of the go.mod. */
  readonly module: string
  /** What comes after `go`; with `-v`, for the progress. */
  readonly arguments: readonly string[]
}

/** @throws Error with the end of the compiler's output */
export async function goBuild(build: GoBuild, progress: (line: string) => void): Promise<void> {
  const { name, go, module } = build
  const child = spawn(go, [...build.arguments], {
    cwd: module,
    env: { GOTOOLCHAIN: 'auto', ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const started = Date.now()
  const seconds = (): number => Math.round((Date.now() - started) / 1000)
  const tail: string[] = []
  let compiled = 0
  let latest = 'resolving modules'
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (/^[\w.-]+(\/[^\s:]+)*$/.test(line)) compiled++
    latest = line
    tail.push(line)
    if (tail.length > 30) tail.shift()
  })
  const timer = setInterval(() => {
    progress(`${name}: building, ${seconds()} s, ${compiled} packages compiled (${latest})`)
  }, progressEveryMs)
  progress(`${name}: ${build.hint}`)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  }).finally(() => clearInterval(timer))
  if (code !== 0) throw new Error(`${name}: go build failed (exit code ${code}):\n${tail.join('\n')}`)
  progress(`${name}: built in ${seconds()} s`)
}
