// The page for people who see little, and for people without a mouse.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { registries as paths } from '../../integration/harness.ts'
import { violations } from '../axe.ts'
import type { Bed } from '../bed.ts'
import type { Registries } from '../registries.ts'
import { awsKeys, seeded } from '../stage/seeds.ts'

const cluster = 'local'

/** The row of tabs, and the heads of tables without a text, are the shell's. */
const shells = ['.tabs', 'thead']

const panels = { namespaces: 'registry-targets', history: 'registry-history' } as const

/** More presses of Tab than any way through a page takes. */
const farthest = 80

export function describeAccessibility(bed: Bed): void {
  for (const theme of ['light', 'dark'] as const) {
    describe(`what is ours, ${theme}`, () => {
      const withTheme = (look: (registries: Registries, page: Page) => Promise<void>) =>
        bed.as('dana', cluster, async ({ registries }, page) => {
          await page.emulateMedia({ colorScheme: theme })
          await look(registries, page)
          await page.locator(`body.theme-${theme}`).waitFor({ state: 'attached' })
        })

      it(
        'is named, and has contrast, in the list',
        withTheme(async (registries, page) => {
          await registries.openList()
          // Every colour of a badge: good, trouble that can wait, trouble that cannot, and nothing to do.
          for (const [name, state] of [
            ['shop-ecr', 'Ready'],
            ['shop-mirror', 'Refresh fails'],
            ['shop-legacy', 'Expired'],
            ['nightly-ecr', 'Suspended'],
          ] as const)
            await registries.untilState(name, state)
          assert.deepEqual(await violations(page, '[data-testid="token-registries-table"]', shells), [])
        }),
      )

      it(
        'is named, and has contrast, in the form, also where something is wrong',
        withTheme(async (registries, page) => {
          await registries.openCreate('ecr')
          await registries.showAdvanced()
          await registries.field('spec.provider.ecr.region').fill('Ireland')
          await registries.name.focus()
          await registries.problem('spec.provider.ecr.region').waitFor()
          assert.deepEqual(await violations(page, '[data-testid^="form-section"]', shells), [])
          assert.deepEqual(await violations(page, '[data-field]', shells), [])
        }),
      )

      it(
        'is named, and has contrast, in the details',
        withTheme(async (registries, page) => {
          const detail = '[data-testid="registry-detail"]'
          for (const id of [seeded.ready, seeded.refreshFails, seeded.expired, seeded.suspended]) {
            await registries.openDetail(id)
            assert.deepEqual(await violations(page, detail, shells), [], id)
          }
          for (const tab of ['namespaces', 'history'] as const) {
            await page.getByTestId(`btn-${tab}`).click()
            await page.getByTestId(panels[tab]).waitFor()
            assert.deepEqual(await violations(page, detail, shells), [], tab)
          }
        }),
      )
    })
  }

  describe('without a mouse', () => {
    it(
      'a registry is set up by the keyboard alone',
      bed.as('dana', cluster, async ({ registries }, page) => {
        const { plane } = bed.stage.cluster(cluster)
        await registries.openList()
        await tabTo(page, registries.create)
        await page.keyboard.press('Enter')
        const card = page.getByTestId('subtype-banner-item-ecr')
        await card.waitFor()
        await tabTo(page, card)
        await page.keyboard.press('Enter')
        await registries.save.waitFor()
        for (const [input, text] of [
          [registries.name, 'by-keyboard'],
          [registries.field('spec.provider.ecr.region'), 'eu-west-1'],
          [registries.field('spec.provider.ecr.accounts'), '123456789012'],
          [registries.key('accessKeyId'), awsKeys.accessKeyId],
          [registries.key('secretAccessKey'), awsKeys.secretAccessKey],
        ] as const) {
          await tabTo(page, input)
          await page.keyboard.type(text)
          // Not what saves: most of the form is still empty.
          await page.keyboard.press('Enter')
        }
        await tabTo(page, registries.save)
        await page.keyboard.press('Enter')
        await registries.untilState('by-keyboard', 'Ready')
        await plane.admin.delete(paths.path('shop', 'by-keyboard'))
        await plane.admin.delete('/api/v1/namespaces/shop/secrets/by-keyboard-credentials')
      }),
    )
  })
}

/** Presses Tab until something has the focus. @throws Error when it never has */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor()
  for (let presses = 0; presses < farthest; presses++) {
    const focused = await target.evaluate((element) => element.matches(':focus'))
    if (focused) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab never comes to ${String(target)}`)
}
