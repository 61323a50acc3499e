// Whether pulls work is seen at a glance: amber while they do and the refresh does not, red when they do not.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isReady, registries as paths, untilStatus } from '../../integration/harness.ts'
import type { Bed } from '../bed.ts'
import { clusterIds } from '../stage.ts'

/** Long enough to open a page, short enough to wait for. */
const shortLifeMs = 15_000

export function describeHealth(bed: Bed): void {
  for (const cluster of clusterIds) {
    describe(`how registries stand in ${cluster}`, () => {
      it(
        'is told by colour and in words',
        bed.as('dana', cluster, async ({ registries }) => {
          for (const [name, state, colour, words] of [
            ['shop-ecr', 'Ready', 'success', /Pulls work in 2 of 2 namespaces\. Next refresh in/],
            ['shop-mirror', 'Refresh fails', 'warning', /The refresh fails\. Pulls work for/],
            ['shop-legacy', 'Expired', 'error', /Pulls fail\. The password expired/],
            ['shop-partner', 'Error', 'error', /Pulls do not work\. No password was ever issued\./],
          ] as const) {
            await registries.openList()
            await registries.untilState(name, state)
            const badge = registries.row(name).locator('.badge-state')
            assert.match((await badge.getAttribute('class')) ?? '', new RegExp(`\\bbg-${colour}\\b`))
            await registries.openDetail(`shop/${name}`)
            await registries.headline.filter({ hasText: words }).waitFor()
          }
        }),
      )

      it(
        'turns red at the end of a password that was not refreshed, and green again, on an open page',
        bed.as('dana', cluster, async ({ registries }) => {
          const { aws, cluster: clusterOf } = bed.stage
          const { plane } = clusterOf(cluster)
          const usual = aws.tokens.lifetimeMs
          aws.tokens.lifetimeMs = shortLifeMs
          try {
            await plane.admin.create(paths.path('shop'), {
              apiVersion: 'tokenregistries.io/v1alpha1',
              kind: 'TokenRegistry',
              metadata: { name: 'short-lived', namespace: 'shop' },
              spec: {
                // No other registry is in this region, so its password is not shared.
                provider: { ecr: { region: 'us-east-2', accounts: ['123456789012'] } },
                credentials: { secret: { name: 'shop-ecr-credentials' } },
              },
            })
            await untilStatus(plane, paths.path('shop', 'short-lived'), 'its password', isReady)
            aws.faults.set({ ecr: 'unavailable' })
            await registries.openDetail('shop/short-lived')
            await registries.headline.filter({ hasText: 'Pulls fail. The password expired' }).waitFor()
          } finally {
            aws.faults.clear()
            aws.tokens.lifetimeMs = usual
          }
          await registries.headline.filter({ hasText: 'Pulls work in 1 namespace' }).waitFor()
          await plane.admin.delete(paths.path('shop', 'short-lived'))
        }),
      )
    })
  }

  describe('an open list', () => {
    it(
      'shows a change also where the socket is silent about it',
      bed.as('dana', 'local', async ({ registries }, page) => {
        const { aws } = bed.stage
        let dropped = 0
        await page.routeWebSocket(/\/v1\/subscribe/, (socket) => {
          socket.connectToServer().onMessage((message) => {
            const told = String(message)
            const change =
              told.includes('"resource.changes"') && told.includes('tokenregistries.io.tokenregistry"')
            if (change) dropped++
            else socket.send(message)
          })
        })
        await registries.openList()
        await registries.untilState('shop-ecr', 'Ready')
        aws.faults.set({ ecr: 'unavailable' })
        try {
          await registries.act('shop-ecr', 'Refresh now')
          await registries.untilState('shop-ecr', 'Refresh fails')
        } finally {
          aws.faults.clear()
        }
        await registries.untilState('shop-ecr', 'Ready')
        assert.ok(dropped > 0, 'nothing was held back')
      }),
    )
  })
}
