// Setting up registries through the form.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  condition,
  registries as paths,
  type RegistryView,
  type SecretView,
} from '../../integration/harness.ts'
import type { Bed } from '../bed.ts'
import { clusterIds } from '../stage.ts'
import { awsKeys, ecrHost } from '../stage/seeds.ts'

const secretPath = (name: string): string => `/api/v1/namespaces/shop/secrets/${name}`

export function describeCreate(bed: Bed): void {
  for (const cluster of clusterIds) {
    describe(`setting up a registry in ${cluster}`, () => {
      const plane = () => bed.stage.cluster(cluster).plane

      it(
        'takes keys and writes a pull Secret for Amazon ECR',
        bed.as('dana', cluster, async ({ registries }, page) => {
          await registries.openList()
          await registries.create.click()
          await page.getByTestId('subtype-banner-item-ecr').click()
          await registries.name.fill('made-ecr')
          await registries.field('spec.provider.ecr.region').fill('eu-west-1')
          await registries.field('spec.provider.ecr.accounts').fill('123456789012')
          await registries.key('accessKeyId').fill(awsKeys.accessKeyId)
          await registries.key('secretAccessKey').fill(awsKeys.secretAccessKey)
          await registries.saveAndSee('made-ecr')
          await registries.untilState('made-ecr', 'Ready')

          const registry = await plane().admin.get<RegistryView>(paths.path('shop', 'made-ecr'))
          assert.equal(condition(registry, 'Ready')?.status, 'True')
          const keys = await plane().admin.get<SecretView>(secretPath('made-ecr-credentials'))
          assert.deepEqual([keys['type'], texts(keys)], ['Opaque', { ...awsKeys }])
          const pull = await plane().admin.get<SecretView>(secretPath('made-ecr'))
          assert.equal(
            pull.metadata?.annotations?.['tokenregistries.io/owner'],
            'TokenRegistry/shop/made-ecr',
          )
          assert.deepEqual(hostsOf(pull), [ecrHost])
          assert.equal(
            (await page.content()).includes(awsKeys.secretAccessKey),
            false,
            'the key is on the page',
          )
        }),
      )

      it(
        'takes a user name and a password',
        bed.as('dana', cluster, async ({ registries }) => {
          await registries.openCreate('static')
          await registries.name.fill('made-static')
          await registries.field('spec.provider.static.hosts').fill('registry.example.com')
          await registries.key('username').fill('robot')
          await registries.key('password').fill('words of the test')
          await registries.saveAndSee('made-static')
          await registries.untilState('made-static', 'Ready')
          const pull = await plane().admin.get<SecretView>(secretPath('made-static'))
          assert.deepEqual(hostsOf(pull), ['registry.example.com'])
        }),
      )

      it(
        'changes one',
        bed.as('dana', cluster, async ({ registries }) => {
          await registries.openList()
          await registries.act('made-static', 'Edit Config')
          const host = registries.field('spec.provider.static.hosts')
          await host.fill('other.example.com')
          await registries.save.click()
          await plane().admin.waitFor<SecretView>(secretPath('made-static'), (secret) => {
            return hostsOf(secret).join() === 'other.example.com'
          })
          await registries.openDetail('shop/made-static')
          await registries.headline.filter({ hasText: 'Pulls work' }).waitFor()
        }),
      )

      it(
        'removes it with its Secret, which the question names',
        bed.as('dana', cluster, async ({ registries }, page) => {
          await registries.openList()
          await registries.act('made-static', 'Delete')
          await page.getByTestId('remove-lost').filter({ hasText: /shop/ }).waitFor()
          await page.getByTestId('prompt-remove-confirm-button').click()
          await registries.row('made-static').waitFor({ state: 'detached' })
          await plane().admin.waitUntilGone(secretPath('made-static'))
        }),
      )
    })
  }
}

function texts({ data }: SecretView): Record<string, string> {
  const entries = Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()])
  return Object.fromEntries(entries) as Record<string, string>
}

function hostsOf(secret: SecretView): string[] {
  const config = JSON.parse(texts(secret)['.dockerconfigjson'] ?? '{}') as { auths?: object }
  return Object.keys(config.auths ?? {})
}
