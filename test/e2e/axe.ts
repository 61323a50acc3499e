// Accessibility of our own parts of a page, by axe.
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type axe from 'axe-core'
import type { Page } from 'playwright-core'

const script = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** WCAG 2.1, levels A and AA. */
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']

/**
 * The Dashboard's body has no height, and hides what overflows; its parts are placed past it. To axe nothing of them would be
 * visible, and nothing that is about looks would be looked at.
 */
const visible = 'body { overflow: visible !important; }'

/**
 * Violations below the elements that a selector finds, one line each.
 * @param shells selectors of components of the shell, whose markup is not ours to mend
 */
export async function violations(
  page: Page,
  ours: string,
  shells: readonly string[] = [],
): Promise<string[]> {
  await page.addStyleTag({ content: visible })
  await page.evaluate(await script)
  const found = await page.evaluate(
    async ({ include, exclude, values }) => {
      const { axe: run } = globalThis as unknown as { axe: typeof axe }
      const { violations: all } = await run.run({ include, exclude }, { runOnly: { type: 'tag', values } })
      const told = ({ html, any }: axe.NodeResult): string =>
        [html.slice(0, 200), ...any.map(({ message }) => message)].join(' ')
      return all.map(({ id, nodes }) => ({ id, where: nodes.map(told) }))
    },
    { include: [ours], exclude: [...shells], values: tags },
  )
  return found.flatMap(({ id, where }) => where.map((html) => `${id}: ${html}`))
}
