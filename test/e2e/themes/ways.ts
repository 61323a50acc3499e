// The list among other lists of the Dashboard: the API pages, sorts and searches it, and the browser's history leads through it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import type { Bed } from '../bed.ts'
import type { Registries } from '../registries.ts'
import { clusterIds } from '../stage.ts'

export function describeWays(bed: Bed): void {
  for (const cluster of clusterIds) {
    describe(`ways through the lists in ${cluster}`, () => {
      it(
        'the menu has one entry for them',
        bed.as('admin', cluster, async ({ registries }, page) => {
          await registries.openList()
          const group = page.locator('.side-nav .accordion').filter({ hasText: 'Token-based registries' })
          await group.getByText('Cluster registries').waitFor()
          assert.equal(await page.locator('.side-nav').getByText('Token-based registries').count(), 1)
          const entries = await group.locator('li.child').allInnerTexts()
          assert.deepEqual(
            entries.map((entry) => entry.replace(/[\s\d]+$/, '')),
            ['Registries', 'Cluster registries'],
          )
        }),
      )

      it(
        'the API sorts them by the column that was clicked',
        bed.as('dana', cluster, async ({ registries }, page) => {
          await registries.openList()
          await registries.row('shop-quay').waitFor()
          const sorted = listRequest(page, ({ sort }) => sort === 'metadata.fields[1]')
          await registries.table.locator('th').filter({ hasText: 'Provider' }).click()
          await sorted
          await lastRow(registries, 'shop-quay')
          const turned = listRequest(page, ({ sort }) => sort === '-metadata.fields[1]')
          await registries.table.locator('th').filter({ hasText: 'Provider' }).click()
          await turned
          await firstRow(registries, 'shop-quay')
        }),
      )

      it(
        'the API searches what the columns show',
        bed.as('dana', cluster, async ({ registries }, page) => {
          await registries.openList()
          await registries.row('shop-ecr').waitFor()
          const searched = listRequest(page, ({ filter }) => filter.includes('metadata.fields[2]~quay.io'))
          await page.getByTestId('search-box-filter-row').locator('input').fill('quay.io')
          await searched
          await registries.row('shop-ecr').waitFor({ state: 'detached' })
          assert.equal(await registries.table.locator('tr.main-row').count(), 1)
          await registries.row('shop-quay').waitFor()
        }),
      )

      it(
        'back and forward lead through list, details and form',
        bed.as('dana', cluster, async ({ registries }, page) => {
          await registries.openList()
          await registries.row('shop-ecr').getByRole('link', { name: 'shop-ecr', exact: true }).click()
          await registries.headline.waitFor()
          await page.getByTestId('btn-history').click()
          await page.getByTestId('registry-history').waitFor()
          await page.goBack()
          await registries.row('shop-ecr').waitFor()
          await registries.act('shop-ecr', 'Edit Config')
          await registries.save.waitFor()
          await page.goBack()
          await registries.row('shop-ecr').waitFor()
          await page.goForward()
          await registries.save.waitFor()
        }),
      )

      it(
        'the page of a Secret that no registry keeps has no tab of ours',
        bed.as('dana', cluster, async ({ open }, page) => {
          const tab = page.getByRole('tab', { name: 'Registry password' })
          await open(`c/${cluster}/explorer/secret/shop/shop-quay`)
          await tab.waitFor()
          await open(`c/${cluster}/explorer/secret/shop/shop-ecr-credentials`)
          await page.getByRole('tab', { name: 'Data' }).waitFor()
          await page.getByText('secretAccessKey').first().waitFor()
          await tab.waitFor({ state: 'detached' })
        }),
      )
    })
  }
}

/** Waits for the next request for the list whose query is as wanted. */
async function listRequest(
  page: Page,
  isWanted: (query: { sort: string; filter: string }) => boolean,
): Promise<void> {
  await page.waitForRequest((request) => {
    const { pathname, searchParams } = new URL(request.url())
    if (!pathname.endsWith('/v1/tokenregistries.io.tokenregistries')) return false
    return isWanted({
      sort: searchParams.get('sort') ?? '',
      filter: searchParams.getAll('filter').join('&'),
    })
  })
}

async function firstRow(registries: Registries, name: string): Promise<void> {
  await registries.table.locator('tr.main-row').first().getByRole('link', { name, exact: true }).waitFor()
}

async function lastRow(registries: Registries, name: string): Promise<void> {
  await registries.table.locator('tr.main-row').last().getByRole('link', { name, exact: true }).waitFor()
}
