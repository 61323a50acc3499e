// One stage and one browser for all tests of a file, and people who come and go.
import { strict as assert } from 'node:assert'
import { after, before } from 'node:test'
import type { Page } from 'playwright-core'
import { TestBrowser, type Visit } from './browser.ts'
import { Registries } from './registries.ts'
import { startPageStage, type ClusterId, type PageStage, type PageStageOptions } from './stage.ts'
import { passwordOfAll, type Person } from './stage/people.ts'

/** Longest wait for anything on a page, in milliseconds: a limit for failures, nothing is timed by it. */
const patienceMs = 60_000

/** Somebody at work in one cluster. */
export interface Guest extends Pick<Visit, 'page' | 'errors' | 'open'> {
  /** Our pages in that cluster. */
  readonly registries: Registries
}

/** What tests work on; there once the first test begins. */
export class Bed {
  #stage: PageStage | undefined
  #browser: TestBrowser | undefined

  get stage(): PageStage {
    if (!this.#stage) throw new Error('the stage is there only while tests run')
    return this.#stage
  }

  get browser(): TestBrowser {
    if (!this.#browser) throw new Error('the browser is there only while tests run')
    return this.#browser
  }

  async start(options: PageStageOptions): Promise<void> {
    this.#stage = await startPageStage(options)
    this.#browser = await TestBrowser.open(this.#stage.rancher.url)
  }

  async stop(): Promise<void> {
    await this.#browser?.close()
    await this.#stage?.stop()
  }

  /**
   * The body of a test: somebody logs in, does something, and nothing else went wrong: no error on the page, no
   * request to the outside. When it fails, what could be seen is kept.
   */
  as(
    name: Person,
    cluster: ClusterId,
    act: (guest: Guest, page: Page) => Promise<void>,
  ): (context: { name: string }) => Promise<void> {
    return async (context) => {
      this.stage.rancher.resetPreferences()
      const visit = await this.browser.visit({ name, password: passwordOfAll })
      const { page, errors, open } = visit
      page.setDefaultTimeout(patienceMs)
      try {
        await act({ page, errors, open, registries: new Registries(page, cluster) }, page)
        assert.deepEqual(errors.unexpected, [], 'errors on the page')
        assert.deepEqual(this.browser.outside.unexpected, [], 'requests to the outside')
      } catch (error) {
        await visit.keepEvidence(`${context.name} ${cluster} ${name}`)
        throw error
      } finally {
        await visit.close()
      }
    }
  }
}

/** A bed that is up from the first to the last test of the file that calls it. */
export function useBed(options: PageStageOptions = {}): Bed {
  const bed = new Bed()
  before(() => bed.start(options))
  after(() => bed.stop())
  return bed
}
