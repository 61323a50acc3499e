// What the menu of a registry does, and what is said about it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { nextSecond, registries as paths, type RegistryView } from '../../integration/harness.ts'
import type { Bed } from '../bed.ts'
import { clusterIds } from '../stage.ts'

export function describeActions(bed: Bed): void {
  for (const cluster of clusterIds) {
    describe(`acting on a registry in ${cluster}`, () => {
      const read = () => {
        return bed.stage.cluster(cluster).plane.admin.get<RegistryView>(paths.path('shop', 'shop-ecr'))
      }

      it(
        'refreshes it now, and says when it is done',
        bed.as('dana', cluster, async ({ registries }) => {
          const before = (await read()).status?.issuedAt ?? ''
          await registries.openList()
          await registries.act('shop-ecr', 'Refresh now')
          await registries.message('asked for a new password').waitFor()
          await registries.message('A new password was issued').waitFor()
          assert.ok(((await read()).status?.issuedAt ?? '') > before)
        }),
      )

      it(
        'says why a refresh failed, and shows what still works',
        bed.as('dana', cluster, async ({ registries }) => {
          bed.stage.aws.faults.set({ ecr: 'unavailable' })
          try {
            await registries.openDetail('shop/shop-ecr')
            await registries.refreshNow.click()
            await registries.headline.filter({ hasText: 'The refresh fails. Pulls work' }).waitFor()
            await registries.openList()
            await registries.untilState('shop-ecr', 'Refresh fails')
          } finally {
            bed.stage.aws.faults.clear()
          }
          // By the server's own next try. A password of the same second would not live longer than that one.
          await registries.untilState('shop-ecr', 'Ready')
          await nextSecond()
          await registries.act('shop-ecr', 'Refresh now')
          await registries.message('asked for a new password').waitFor()
          await registries.message('A new password was issued').waitFor()
          await registries.untilState('shop-ecr', 'Ready')
        }),
      )

      it(
        'suspends and resumes it',
        bed.as('dana', cluster, async ({ registries }) => {
          await registries.openList()
          await registries.act('shop-ecr', 'Suspend')
          await registries.untilState('shop-ecr', 'Suspended')
          assert.equal(((await read())['spec'] as { suspend: boolean }).suspend, true)
          await registries.act('shop-ecr', 'Resume')
          await registries.untilState('shop-ecr', 'Ready')
          assert.equal(((await read())['spec'] as { suspend: boolean }).suspend, false)
        }),
      )
    })
  }
}
