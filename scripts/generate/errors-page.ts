/** Writes the page of error codes. Their meanings are the comments beside them in server/core/errors.ts. */
import { readFileSync } from 'node:fs'
import { errorCodes, isPermanent } from '../../server/core/errors.ts'

const source = new URL('../../server/core/errors.ts', import.meta.url)

const introduction = `# Error codes

A code is the reason of a condition and of an event, a label of the metrics and the type of an HTTP problem.
**Waits for you** says that trying again cannot help: something must be changed first, and the next try comes slowly.`

export function renderErrorsPage(header: string): string {
  const text = readFileSync(source, 'utf8')
  const rows = errorCodes.map((code) => {
    const meaning = new RegExp(`'${code}', // (.+)`).exec(text)?.[1]
    if (meaning === undefined)
      throw new Error(`server/core/errors.ts: ${code} has no comment that says what it means`)
    return `| \`${code}\` | ${meaning} | ${isPermanent(code) ? 'yes' : ''} |`
  })
  return `${header}\n\n${introduction}\n\n| Code | Meaning | Waits for you |\n| --- | --- | --- |\n${rows.join('\n')}\n`
}
