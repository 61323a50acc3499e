/** Writes everything that follows from the API sources; with --check it only compares, for CI. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { renderOutputs } from './generate/outputs.ts'

const repository = join(dirname(fileURLToPath(import.meta.url)), '..')
const onlyCheck = process.argv.includes('--check')

function current(path: string): string | undefined {
  try {
    return readFileSync(join(repository, path), 'utf8')
  } catch {
    return undefined
  }
}

try {
  const outputs = renderOutputs()
  const changed = [...outputs].filter(([path, content]) => current(path) !== content)
  for (const [path, content] of onlyCheck ? [] : changed) {
    mkdirSync(dirname(join(repository, path)), { recursive: true })
    writeFileSync(join(repository, path), content)
  }
  const verb = onlyCheck ? 'differs' : 'written'
  for (const [path] of changed) console.log(`${verb}: ${path}`)
  console.log(`${outputs.size - changed.length} of ${outputs.size} generated files are up to date`)
  if (onlyCheck && changed.length > 0) {
    console.error('run: npm run generate')
    process.exitCode = 1
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
