// Nothing is offered that would be refused, and nothing is shown that is not theirs.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Locator } from 'playwright-core'
import type { Bed } from '../bed.ts'
import { clusterIds } from '../stage.ts'

const ofShop = ['nightly-ecr', 'shop-ecr', 'shop-legacy', 'shop-mirror', 'shop-partner', 'shop-quay']

export function describeRights(bed: Bed): void {
  for (const cluster of clusterIds) {
    describe(`rights in ${cluster}`, () => {
      it(
        'who may only read sees list and detail, and nothing that changes them',
        bed.as('rita', cluster, async ({ registries }) => {
          await registries.openList()
          await registries.row('shop-ecr').waitFor()
          assert.equal(await registries.create.count(), 0)
          const entries = await textsOf(await registries.openMenu('shop-ecr'))
          for (const change of ['Edit Config', 'Edit YAML', 'Delete', 'Refresh now', 'Suspend', 'Clone'])
            assert.ok(!entries.includes(change), `the menu offers ${change}`)
          await registries.openDetail('shop/shop-ecr')
          assert.equal(await registries.refreshNow.count(), 0)
        }),
      )

      it(
        'members see the registries of their own project',
        bed.as('dana', cluster, async ({ registries }) => {
          await registries.openList()
          await registries.row('shop-ecr').waitFor()
          assert.deepEqual(await namesIn(registries.table), ofShop)
        }),
      )

      it(
        'members of another project see theirs alone',
        bed.as('mona', cluster, async ({ registries }) => {
          await registries.openList()
          await registries.row('billing-ecr').waitFor()
          assert.deepEqual(await namesIn(registries.table), ['billing-ecr'])
        }),
      )

      it(
        'somebody with rights in one namespace sees that namespace',
        bed.as('nils', cluster, async ({ registries }) => {
          await registries.openList()
          await registries.row('shop-ecr').waitFor()
          assert.deepEqual(
            await namesIn(registries.table),
            ofShop.filter((name) => name !== 'nightly-ecr'),
          )
        }),
      )

      it(
        'the owner of the project may do what members may',
        bed.as('olga', cluster, async ({ registries }) => {
          await registries.openList()
          await registries.create.waitFor()
          const entries = await textsOf(await registries.openMenu('shop-ecr'))
          for (const offer of ['Edit Config', 'Delete', 'Refresh now'])
            assert.ok(entries.includes(offer), offer)
        }),
      )

      it(
        'who has no rights sees no entry in the menu',
        bed.as('uma', cluster, async ({ open }, page) => {
          const bundle = page.waitForResponse(/\/v1\/uiplugins\/.*\.umd\.min\.js$/)
          await open(`c/${cluster}/explorer`)
          assert.equal((await bundle).status(), 200)
          const menu = page.locator('.side-nav')
          await menu.getByText('Cluster', { exact: true }).waitFor()
          assert.equal(await menu.getByText('Token-based registries').count(), 0)
        }),
      )

      it(
        'only administrators see cluster registries',
        bed.as('admin', cluster, async ({ registries }) => {
          await registries.openClusterList()
          await registries.untilState('company-base', 'Ready')
          await registries.openDetail('company-base')
          await registries.headline.filter({ hasText: 'Pulls work in 2 of 2 namespaces' }).waitFor()
        }),
      )
    })
  }
}

async function textsOf(locator: Locator): Promise<string[]> {
  return (await locator.allInnerTexts()).map((text) => text.trim())
}

async function namesIn(table: Locator): Promise<string[]> {
  return (await textsOf(table.locator('tr.main-row .col-link-detail'))).sort()
}
