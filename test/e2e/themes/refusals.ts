// What is refused is read where it can be mended.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { registries as paths, type RegistryView } from '../../integration/harness.ts'
import type { Bed } from '../bed.ts'
import type { Registries } from '../registries.ts'
import { clusterIds } from '../stage.ts'
import { awsKeys } from '../stage/seeds.ts'

export function describeRefusals(bed: Bed): void {
  for (const cluster of clusterIds) {
    describe(`what is refused in ${cluster}`, () => {
      const plane = () => bed.stage.cluster(cluster).plane

      it(
        "an address that the administrator's policy does not list (403), at the address",
        bed.as('dana', cluster, async ({ registries, errors }) => {
          await fillEcr(registries, 'refused-policy')
          await registries.showAdvanced()
          const endpoint = 'spec.provider.ecr.endpoint'
          await registries.field(endpoint).fill('https://ecr.example.com')
          await registries.save.click()
          await registries.problem(endpoint).filter({ hasText: 'policy' }).waitFor()
          assert.equal(await registries.name.inputValue(), 'refused-policy')
          assert.equal(await exists(bed, cluster, 'refused-policy'), false)
          errors.forget(/403 \(Forbidden\)/)
        }),
      )

      it(
        'what only the API server checks (422), at the field',
        bed.as('dana', cluster, async ({ registries, errors }) => {
          await fillEcr(registries, 'refused-rule')
          await registries.showAdvanced()
          await registries.field('spec.provider.ecr.fips').click()
          await registries.save.click()
          await registries.problem('spec.provider.ecr.fips').filter({ hasText: 'FIPS' }).waitFor()
          assert.equal(await exists(bed, cluster, 'refused-rule'), false)
          errors.forget(/422 \(Unprocessable/)
        }),
      )

      it(
        'a name that is taken (409), at the name',
        bed.as('dana', cluster, async ({ registries, errors }) => {
          await fillEcr(registries, 'shop-ecr')
          await registries.save.click()
          await registries.problem('metadata.name').waitFor()
          errors.forget(/409 \(Conflict\)/)
        }),
      )

      it(
        'a failure that names no field (500), above the form, and nothing typed is lost',
        bed.as('dana', cluster, async ({ registries, errors }, page) => {
          const name = 'refused-failure'
          await fillEcr(registries, name)
          const collection = /\/apis\/tokenregistries\.io\/v1alpha1\/namespaces\/shop\/tokenregistries\?/
          const status = { kind: 'Status', status: 'Failure', message: 'etcdserver: no leader', code: 500 }
          await page.route(collection, (route) => route.fulfill({ status: 500, json: status }))
          await registries.save.click()
          await page.locator('#cru-errors').filter({ hasText: 'etcdserver: no leader' }).waitFor()
          assert.equal(await registries.name.inputValue(), name)
          assert.equal(await registries.key('secretAccessKey').inputValue(), awsKeys.secretAccessKey)
          errors.forget(/500 \(Internal Server Error\)/)
          await page.unroute(collection)
          await registries.saveAndSee(name)
          await plane().admin.request('DELETE', paths.path('shop', name))
          await plane().admin.request('DELETE', `/api/v1/namespaces/shop/secrets/${name}-credentials`)
        }),
      )

      it(
        'a change on top of a newer one (409), without losing either',
        bed.as('dana', cluster, async ({ registries, errors }, page) => {
          const path = paths.path('shop', 'shop-quay')
          await registries.openEdit('shop/shop-quay')
          const host = registries.field('spec.provider.static.hosts')
          await host.fill('quay.example.com')
          await plane().admin.patch(path, { spec: { deletionPolicy: 'Retain' } })
          await registries.save.click()
          await page.getByTestId('form-conflict').waitFor()
          assert.equal(await host.inputValue(), 'quay.example.com')
          await page.getByTestId('form-conflict-keep').click()
          await page.getByTestId('form-conflict').waitFor({ state: 'detached' })
          await registries.save.click()
          const both = await plane().admin.waitFor<RegistryView>(path, ({ spec }) => {
            const { provider } = spec as { provider: { static: { hosts: string[] } } }
            return provider.static.hosts[0] === 'quay.example.com'
          })
          assert.equal((both['spec'] as { deletionPolicy: string }).deletionPolicy, 'Retain')
          errors.forget(/409 \(Conflict\)/)
          await plane().admin.patch(path, {
            spec: { deletionPolicy: 'Delete', provider: { static: { hosts: ['quay.io'] } } },
          })
        }),
      )

      it(
        'creating without the right to it',
        bed.as('rita', cluster, async ({ registries, open }, page) => {
          await open(registries.path('create?type=ecr'))
          await page.getByTestId('form-refused').waitFor()
          assert.equal(await registries.save.count(), 0)
        }),
      )

      it(
        'the whole project, to somebody with rights in one namespace only',
        bed.as('nils', cluster, async ({ registries }, page) => {
          await registries.openCreate('ecr')
          const project = page.getByTestId('form-target').getByRole('radio', { name: /^The whole project/ })
          await project.waitFor()
          assert.equal(await project.getAttribute('aria-disabled'), 'true')
          await page.getByText('Only owners and members of the project may serve all of it.').waitFor()
        }),
      )
    })
  }
}

/** The form for Amazon ECR with all that is needed. */
async function fillEcr(registries: Registries, name: string): Promise<void> {
  await registries.openCreate('ecr')
  await registries.name.fill(name)
  await registries.field('spec.provider.ecr.region').fill('eu-west-1')
  await registries.field('spec.provider.ecr.accounts').fill('123456789012')
  await registries.key('accessKeyId').fill(awsKeys.accessKeyId)
  await registries.key('secretAccessKey').fill(awsKeys.secretAccessKey)
}

async function exists(bed: Bed, cluster: (typeof clusterIds)[number], name: string): Promise<boolean> {
  const { admin } = bed.stage.cluster(cluster).plane
  return (await admin.request('GET', paths.path('shop', name))).status === 200
}
