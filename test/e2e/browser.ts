// A real Chromium that can reach this machine only, and the people who look at the Dashboard in it.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { root } from '../../scripts/build/vue-cli.ts'
import { findChromium } from './chromium.ts'
import { PageErrors } from './console.ts'
import { Outside } from './outside.ts'

/** Where failures leave their screenshots; not under version control. */
export const outputFolder = join(root, 'dist/e2e')

/** Chromium's own services stay silent; what speaks all the same meets the proxy. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--no-pings',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--disable-sync',
  '--font-render-hinting=none',
  // Nothing is looked up by name: the proxy gets the names.
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost',
]

/** Who looks, and how. */
export interface VisitOptions {
  readonly name: string
  readonly password: string
  /** Default light. */
  readonly theme?: 'light' | 'dark'
  /** Default 1280 × 800. */
  readonly viewport?: { readonly width: number; readonly height: number }
}

/** Somebody logged in, with a page. */
export interface Visit {
  readonly page: Page
  readonly context: BrowserContext
  readonly errors: PageErrors
  /** Opens a page of the Dashboard, by its path below /dashboard/, and waits for its frame. */
  open(path: string): Promise<void>
  /** Saves what can be seen, with address and errors, below `outputFolder`. @returns the path of the image */
  keepEvidence(name: string): Promise<string>
  close(): Promise<void>
}

/** A browser for one Dashboard. */
export class TestBrowser {
  readonly outside: Outside
  readonly #browser: Browser
  readonly #origin: string

  private constructor(browser: Browser, outside: Outside, origin: string) {
    this.#browser = browser
    this.outside = outside
    this.#origin = origin
  }

  /**
   * Starts Chromium without a window.
   * @param origin of Rancher: `http://127.0.0.1:<port>`
   */
  static async open(origin: string): Promise<TestBrowser> {
    const outside = await Outside.open()
    try {
      const { executable, env } = await findChromium()
      const browser = await chromium.launch({
        executablePath: executable,
        env: { ...process.env, ...env },
        args: flags,
        proxy: { server: outside.proxy, bypass: '127.0.0.1,localhost' },
      })
      return new TestBrowser(browser, outside, origin)
    } catch (error) {
      await outside.close()
      throw error
    }
  }

  /** Chromium's version. */
  get version(): string {
    return this.#browser.version()
  }

  /** Logs somebody in, in a context of their own. @throws Error when Rancher refuses */
  async visit({ name, password, theme = 'light', viewport }: VisitOptions): Promise<Visit> {
    const context = await this.#browser.newContext({
      baseURL: `${this.#origin}/dashboard/`,
      viewport: viewport ?? { width: 1280, height: 800 },
      reducedMotion: 'reduce',
      // A user's preference `auto`, the default, follows it.
      colorScheme: theme,
      locale: 'en-GB',
      timezoneId: 'UTC',
    })
    const errors = new PageErrors(context)
    await logIn(context, this.#origin, { name, password })
    const page = await context.newPage()
    return {
      page,
      context,
      errors,
      open: (path) => open(page, path),
      keepEvidence: (title) => keepEvidence(page, errors, title),
      close: () => context.close(),
    }
  }

  async close(): Promise<void> {
    await this.#browser.close()
    await this.outside.close()
  }
}

/** The session's cookie is shared with the pages of the context. */
async function logIn(
  context: BrowserContext,
  origin: string,
  { name: username, password }: { name: string; password: string },
): Promise<void> {
  const answer = await context.request.post(`${origin}/v1-public/login`, {
    data: { type: 'localProvider', username, password, responseType: 'cookie' },
  })
  if (!answer.ok()) throw new Error(`${username} cannot log in: ${answer.status()} ${await answer.text()}`)
}

async function open(page: Page, path: string): Promise<void> {
  await page.goto(path, { waitUntil: 'domcontentloaded' })
  await page.locator('.main-layout, .outlet, main').first().waitFor()
}

async function keepEvidence(page: Page, errors: PageErrors, title: string): Promise<string> {
  await mkdir(outputFolder, { recursive: true })
  const file = join(outputFolder, `${title.replace(/[^\w-]+/g, '-').slice(0, 80)}.png`)
  await page.screenshot({ path: file })
  console.error([`at ${page.url()}`, ...errors.unexpected, `see ${file}`].join('\n  '))
  return file
}
