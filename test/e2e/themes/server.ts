// A cluster whose server is newer than the page, and one whose server never said a word. For the end of a stage.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Bed } from '../bed.ts'

const cluster = 'local'
const object = '/apis/tokenregistries.io/v1alpha1/tokenregistryservers/default'

export function describeServer(bed: Bed): void {
  describe('a server that says something else', () => {
    it(
      'is named when it is newer, and the page works on',
      bed.as('dana', cluster, async ({ registries }, page) => {
        const { plane, product } = bed.stage.cluster(cluster)
        // It would put its own words back.
        await product?.server.kill('SIGTERM')
        await plane.admin.patch(`${object}/status`, { status: { version: '9.9.9', apiRevision: 99 } })
        await registries.openList()
        const banner = page.getByTestId('backend-banner')
        await banner.filter({ hasText: '9.9.9' }).filter({ hasText: 'newer than this page' }).waitFor()
        await registries.openCreate('ecr')
        await banner.filter({ hasText: '9.9.9' }).waitFor()
        await registries.openDetail('shop/shop-ecr')
        await banner.filter({ hasText: '9.9.9' }).waitFor()
      }),
    )

    it(
      'is missed when it never reported, and everything of the page is offered',
      bed.as('dana', cluster, async ({ registries, errors }, page) => {
        await bed.stage.cluster(cluster).plane.admin.delete(object)
        await registries.openList()
        await page.getByTestId('backend-banner').filter({ hasText: 'has not reported' }).waitFor()
        await registries.create.click()
        for (const provider of ['ecr', 'static'])
          await page.getByTestId(`subtype-banner-item-${provider}`).waitFor()
        assert.equal(await page.getByTestId('backend-banner').count(), 1)
        // That is how the page learns it.
        errors.forget(/404 \(Not Found\).*tokenregistryserver/)
      }),
    )
  })
}
