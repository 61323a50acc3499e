// A cluster whose server is older than the page, and one without any. What is taken away stays away: for the end of a stage.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { crdNames } from '../../chart/install.ts'
import { eventually } from '../../integration/harness.ts'
import type { Bed } from '../bed.ts'
import type { ClusterId } from '../stage.ts'

const cluster: ClusterId = 'c-m-7xk2p9qd'
const server = '/apis/tokenregistries.io/v1alpha1/tokenregistryservers/default'

export function describeBackend(bed: Bed): void {
  describe('a server that is not as the page is', () => {
    it(
      'is named when it is older, and the page works on',
      bed.as('dana', cluster, async ({ registries }, page) => {
        const { plane, product } = bed.stage.cluster(cluster)
        // It would put its own words back.
        await product?.server.kill('SIGTERM')
        // The first servers said nothing about their API's revision.
        await plane.admin.patch(`${server}/status`, { status: { version: '0.0.9', apiRevision: null } })
        await registries.openList()
        await page.getByTestId('backend-banner').filter({ hasText: '0.0.9' }).waitFor()
        await registries.row('shop-ecr').waitFor()
        assert.equal(await registries.create.count(), 1)
      }),
    )

    it(
      'is explained when there is none, with a request to copy',
      bed.as('dana', cluster, async ({ open }, page) => {
        const { plane } = bed.stage.cluster(cluster)
        await plane.kubectl(['delete', 'crd', ...crdNames])
        const schemas = `${bed.stage.rancher.url}/k8s/clusters/${cluster}/v1/schemas/tokenregistries.io.tokenregistry`
        await eventually('Steve to forget the kind', async () => {
          return (await page.request.get(schemas)).status() === 404 ? true : undefined
        })
        await open(`c/${cluster}/explorer`)
        await page.locator('.side-nav').getByText('Token-based registries').click()
        const notice = page.getByTestId('backend-notice')
        await notice.getByText('not installed in this cluster').waitFor()
        await notice.getByTestId('backend-notice-copy').waitFor()
      }),
    )
  })
}
