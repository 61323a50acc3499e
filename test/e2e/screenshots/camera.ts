// Takes pictures of the Dashboard, as high as what they show.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import type { TestBrowser } from '../browser.ts'
import { Registries } from '../registries.ts'
import { passwordOfAll } from '../stage/people.ts'
import { withPalette } from './png.ts'
import type { Scene, Shot } from './shots.ts'

/** The Dashboard's window for the pictures, in CSS pixels. */
const size = { width: 1280, height: 800 }

/** Both themes of the Dashboard. */
export const themes = ['light', 'dark'] as const

/** Where and how pictures are taken. */
export interface CameraOptions {
  readonly browser: TestBrowser
  /** Folder of the images; made when it is missing. */
  readonly folder: string
  readonly changeHosts: Scene['changeHosts']
  /** Called with the path of each image. */
  readonly taken: (file: string) => void
}

/**
 * Takes each shot in both themes: `<name>-<theme>.png`.
 * @throws Error when a page does not become what the shot waits for, or says something in the console that it should not
 */
export async function takeShots(
  shots: readonly Shot[],
  { browser, folder, changeHosts, taken }: CameraOptions,
): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const theme of themes) {
    for (const { name, who, cluster = 'local', whole, show } of shots) {
      const visit = await browser.visit({ name: who, password: passwordOfAll, theme, viewport: size })
      try {
        const { page, errors } = visit
        await show({ page, registries: new Registries(page, cluster), changeHosts })
        if (whole) await growToContent(page)
        await page.waitForLoadState('networkidle')
        const path = join(folder, `${name}-${theme}.png`)
        const picture = await page.screenshot({ animations: 'disabled', caret: 'hide' })
        await writeFile(path, withPalette(picture))
        // A conflict is an answer that browsers report.
        errors.forget(/409 \(Conflict\)/)
        if (errors.unexpected.length > 0) throw new Error(errors.unexpected.join('\n'))
        taken(path)
      } catch (error) {
        throw new Error(`picture "${name}", ${theme}`, { cause: error })
      } finally {
        await visit.close()
      }
    }
  }
}

/** The Dashboard scrolls its middle, not the document: the window becomes as high as that wants. */
async function growToContent(page: Page): Promise<void> {
  const missing = await page
    .locator('main')
    .evaluate(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight)
  if (missing > 0) await page.setViewportSize({ ...size, height: size.height + missing })
}
