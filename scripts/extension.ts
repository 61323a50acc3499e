// `npm run extension`: builds the Dashboard extension and lays it out as it is served.
import { ensureExtension } from './build/extension.ts'
import { describeSize, tooLarge, weigh } from './build/size.ts'

const bundle = await ensureExtension()
const size = await weigh(bundle)
for (const line of describeSize(size)) console.log(line)
console.log(`archive: ${bundle.archive}`)
console.log(`served:  ${bundle.tree}`)
for (const problem of tooLarge(size)) {
  console.error(problem)
  process.exitCode = 1
}
