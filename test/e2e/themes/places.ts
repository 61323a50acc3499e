// Every page has an address: it can be opened, reloaded and passed on. Where the page comes from.
import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { ensureDashboard } from '../../../scripts/build/dashboard.ts'
import { violations } from '../axe.ts'
import type { Bed } from '../bed.ts'
import type { Registries } from '../registries.ts'
import { clusterIds } from '../stage.ts'

interface Place {
  readonly path: string
  /** What is only there once the page is. */
  readonly sign: Locator
}

export function describePlaces(bed: Bed): void {
  for (const cluster of clusterIds) {
    describe(`addresses in ${cluster}`, () => {
      it(
        'of registries can be opened and reloaded',
        bed.as('dana', cluster, async ({ registries }, page) => {
          await visitAll(page, placesOfMembers(registries, page))
        }),
      )

      it(
        'of cluster registries can be opened and reloaded',
        bed.as('admin', cluster, async ({ registries }, page) => {
          await visitAll(page, placesOfAdmins(registries, page))
        }),
      )

      it(
        'of a Secret lead to what keeps it fresh',
        bed.as('dana', cluster, async ({ registries }, page) => {
          const tab = page.getByTestId('token-registries-secret-tab')
          await visitAll(page, [
            { path: `c/${cluster}/explorer/secret/shop/shop-ecr#token-registries`, sign: tab },
          ])
          assert.deepEqual(await violations(page, '[data-testid="token-registries-secret-tab"]'), [])
          await tab.getByRole('link', { name: 'shop-ecr' }).click()
          await registries.headline.waitFor()
        }),
      )

      it(
        'follow the namespace filter',
        bed.as('dana', cluster, async ({ registries }, page) => {
          await registries.openList()
          await registries.row('shop-ecr').waitFor()
          await page.getByTestId('namespaces-dropdown').click()
          await page
            .locator('.ns-option')
            .filter({ hasText: /^\s*shop-jobs\s*$/ })
            .click()
          await registries.row('shop-ecr').waitFor({ state: 'detached' })
          await registries.row('nightly-ecr').waitFor()
        }),
      )

      it(
        'of the Secrets list have a column that says which are kept fresh',
        bed.as('dana', cluster, async ({ open }, page) => {
          await open(`c/${cluster}/explorer/secret`)
          const row = (name: string): Locator => {
            return page.locator('tr.main-row').filter({ has: page.getByRole('link', { name, exact: true }) })
          }
          await row('shop-ecr')
            .first()
            .getByText(/expires in/)
            .waitFor()
          assert.equal(
            await row('shop-ecr-credentials')
              .first()
              .getByText(/expires/)
              .count(),
            0,
          )
        }),
      )
    })
  }

  describe('the extension', () => {
    it(
      "comes through the UIPlugin, for logged-in people, and is not in the Dashboard's own files",
      bed.as('dana', 'local', async ({ registries }) => {
        const { requests } = bed.stage.rancher
        requests.splice(0)
        await registries.openList()
        const entry =
          /^\/v1\/uiplugins\/token-registries-ui\/[\d.]+\/plugin\/token-registries-ui-[\d.]+\.umd\.min\.js$/
        const loads = requests.filter(({ path }) => entry.test(path))
        assert.deepEqual(
          loads.map(({ status, user }) => [status, user]),
          [[200, 'dana']],
        )
        const host = await ensureDashboard()
        for await (const file of glob('js/*.js', { cwd: host }))
          assert.ok(!(await readFile(join(host, file), 'utf8')).includes('tokenregistries.io'), file)
      }),
    )
  })

  describe('our own parts', () => {
    it(
      'can be used without eyes and without a mouse',
      bed.as('dana', 'local', async ({ registries }) => {
        await registries.openCreate('ecr')
        assert.deepEqual(await registries.violations('section[data-testid^="form-section"]'), [])
        await registries.openDetail('shop/shop-mirror')
        assert.deepEqual(await registries.violations('[data-testid="registry-headline"]'), [])
        assert.deepEqual(await registries.violations('[data-testid="registry-credential"]'), [])
      }),
    )
  })
}

/** By a link from outside, and by the browser's reload. */
async function visitAll(page: Page, places: readonly Place[]): Promise<void> {
  for (const { path, sign } of places) {
    // Without a page between, a change of the fragment alone would load nothing.
    await page.goto('about:blank')
    await page.goto(path, { waitUntil: 'domcontentloaded' })
    await sign.waitFor()
    await page.reload({ waitUntil: 'domcontentloaded' })
    await sign.waitFor()
  }
}

function placesOfMembers(registries: Registries, page: Page): Place[] {
  return [
    { path: registries.path(), sign: registries.row('shop-ecr') },
    { path: registries.path('create'), sign: page.getByTestId('subtype-banner-item-ecr') },
    { path: registries.path('create?type=static'), sign: registries.save },
    { path: registries.path('shop/shop-ecr'), sign: registries.headline },
    { path: registries.path('shop/shop-ecr?mode=edit'), sign: registries.save },
    { path: registries.path('shop/shop-ecr?mode=edit&as=yaml'), sign: page.locator('.CodeMirror').first() },
    { path: registries.path('shop/shop-ecr?mode=view&as=yaml'), sign: page.locator('.CodeMirror').first() },
  ]
}

function placesOfAdmins(registries: Registries, page: Page): Place[] {
  return [
    { path: registries.clusterPath(), sign: registries.row('company-base') },
    { path: registries.clusterPath('create'), sign: page.getByTestId('subtype-banner-item-ecr') },
    { path: registries.clusterPath('create?type=ecr'), sign: registries.save },
    { path: registries.clusterPath('company-base'), sign: registries.headline },
    { path: registries.clusterPath('company-base?mode=edit'), sign: registries.save },
  ]
}
