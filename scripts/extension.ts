// `npm run extension`: builds the Dashboard extension and lays it out as it is served.
import { stat } from 'node:fs/promises'
import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { ensureExtension } from './build/extension.ts'

const { entry, archive, tree } = await ensureExtension()
const kilobytes = (bytes: number) => `${Math.round(bytes / 1000)} kB`
const zipped = gzipSync(await readFile(entry)).length
console.log(`entry:   ${entry} (${kilobytes((await stat(entry)).size)}, gzipped ${kilobytes(zipped)})`)
console.log(`archive: ${archive} (${kilobytes((await stat(archive)).size)})`)
console.log(`served:  ${tree}`)
