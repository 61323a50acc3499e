// What is photographed for the documentation: every page of ours, and Rancher's own beside them.
import type { Page } from 'playwright-core'
import type { Registries } from '../registries.ts'
import { awsKeys, seeded } from '../stage/seeds.ts'
import type { ClusterId } from '../stage.ts'
import type { Person } from '../stage/people.ts'

/** What shots work with. */
export interface Scene {
  readonly page: Page
  readonly registries: Registries
  /** Changes the hosts of the registry `seeded.static`, as somebody else. */
  changeHosts(hosts: readonly string[]): Promise<void>
}

/** One picture, in both themes. */
export interface Shot {
  /** Name of its files, without theme and extension. */
  readonly name: string
  readonly who: Person
  /** Default local. */
  readonly cluster?: ClusterId
  /** Whether the picture is as high as the page, and not cut where a window ends. Default false. */
  readonly whole?: boolean
  /** Makes the page look as it shall, and waits until it does. */
  readonly show: (scene: Scene) => Promise<void>
}

/** For a stage without registries; the others need the seeds. */
export const emptyShots: readonly Shot[] = [
  {
    name: 'list-empty',
    who: 'dana',
    show: async ({ page, registries }) => {
      await page.goto(registries.path())
      await page.getByTestId('token-registries-empty').waitFor()
    },
  },
]

export const shots: readonly Shot[] = [
  {
    name: 'list',
    who: 'dana',
    show: async ({ registries }) => {
      await registries.openList()
      await registries.untilState('shop-legacy', 'Expired')
    },
  },
  {
    name: 'list-read-only',
    who: 'rita',
    show: async ({ registries }) => {
      await registries.openList()
      await registries.openMenu('shop-ecr')
    },
  },
  {
    name: 'providers',
    who: 'dana',
    show: async ({ page, registries }) => {
      await page.goto(registries.path('create'))
      await page.getByTestId('subtype-banner-item-ecr').waitFor()
    },
  },
  {
    name: 'create-ecr',
    who: 'dana',
    whole: true,
    show: async ({ registries }) => {
      await registries.openCreate('ecr')
      await registries.name.fill('shop-images')
      await registries.field('spec.provider.ecr.region').fill('eu-west-1')
      await registries.field('spec.provider.ecr.accounts').fill('123456789012')
      await registries.key('accessKeyId').fill(awsKeys.accessKeyId)
      await registries.key('secretAccessKey').fill(awsKeys.secretAccessKey)
    },
  },
  {
    name: 'create-static',
    who: 'dana',
    whole: true,
    show: async ({ registries }) => {
      await registries.openCreate('static')
      await registries.name.fill('shop-harbor')
      await registries.field('spec.provider.static.hosts').fill('harbor.example.com')
      await registries.key('username').fill('shop+puller')
      await registries.key('password').fill('as it was given')
    },
  },
  {
    name: 'create-errors',
    who: 'dana',
    whole: true,
    show: async ({ page, registries }) => {
      await registries.openCreate('ecr')
      await registries.name.fill('shop-ecr')
      await registries.field('spec.provider.ecr.region').fill('Ireland')
      await registries.field('spec.provider.ecr.accounts').fill('1234')
      await registries.name.focus()
      await registries.problem('spec.provider.ecr.region').first().waitFor()
      await page.getByTestId('field-message').nth(1).waitFor()
    },
  },
  {
    name: 'edit',
    who: 'dana',
    show: async ({ registries }) => {
      await registries.openEdit(seeded.ready)
    },
  },
  {
    name: 'conflict',
    who: 'dana',
    show: async ({ page, registries, changeHosts }) => {
      await registries.openEdit(seeded.static)
      await changeHosts(['quay.io', 'quay.example.com'])
      await registries.field('spec.provider.static.hosts').fill('registry.example.com')
      await registries.save.click()
      await page.getByTestId('form-conflict').waitFor()
      await changeHosts(['quay.io'])
    },
  },
  {
    name: 'detail-ready',
    who: 'dana',
    show: async ({ registries }) => registries.openDetail(seeded.ready),
  },
  {
    name: 'detail-read-only',
    who: 'rita',
    show: async ({ registries }) => registries.openDetail(seeded.ready),
  },
  {
    name: 'detail-failing',
    who: 'dana',
    whole: true,
    show: async ({ registries }) => registries.openDetail(seeded.refreshFails),
  },
  {
    name: 'detail-expired',
    who: 'dana',
    whole: true,
    show: async ({ registries }) => registries.openDetail(seeded.expired),
  },
  {
    name: 'namespaces',
    who: 'dana',
    show: async ({ page, registries }) => {
      await registries.openDetail(seeded.ready)
      await page.getByTestId('btn-namespaces').click()
      await page.getByTestId('registry-targets').locator('tr.main-row').first().waitFor()
    },
  },
  {
    name: 'history',
    who: 'dana',
    show: async ({ page, registries }) => {
      await registries.openDetail(seeded.refreshFails)
      await page.getByTestId('btn-history').click()
      await page.getByTestId('registry-history').locator('tr.main-row').first().waitFor()
    },
  },
  {
    name: 'delete',
    who: 'dana',
    show: async ({ page, registries }) => {
      await registries.openList()
      await registries.act('shop-ecr', 'Delete')
      await page.getByTestId('remove-lost').waitFor()
    },
  },
  {
    name: 'cluster-list',
    who: 'admin',
    show: async ({ registries }) => {
      await registries.openClusterList()
      await registries.row(seeded.cluster).waitFor()
    },
  },
  {
    name: 'cluster-create',
    who: 'admin',
    whole: true,
    show: async ({ page, registries }) => {
      await page.goto(registries.clusterPath('create?type=ecr'))
      await registries.save.waitFor()
      await registries.name.fill('company-images')
    },
  },
  {
    name: 'cluster-detail',
    who: 'admin',
    show: async ({ registries }) => registries.openDetail(seeded.cluster),
  },
  {
    name: 'secrets-list',
    who: 'dana',
    show: async ({ page }) => {
      await page.goto('c/local/explorer/secret')
      await page.getByRole('link', { name: 'shop-quay', exact: true }).first().waitFor()
    },
  },
  {
    name: 'secret-tab',
    who: 'dana',
    show: async ({ page }) => {
      await page.goto('c/local/explorer/secret/shop/shop-quay#token-registries')
      await page.getByTestId('token-registries-secret-tab').waitFor()
    },
  },
  {
    name: 'rancher-secret-create',
    who: 'dana',
    show: async ({ page }) => {
      await page.goto('c/local/explorer/secret/create?type=kubernetes.io%2Fdockerconfigjson')
      await page.getByTestId('form-save').waitFor()
    },
  },
  {
    name: 'rancher-secret-detail',
    who: 'dana',
    show: async ({ page }) => {
      await page.goto('c/local/explorer/secret/shop/shop-ecr-credentials')
      await page.getByText('accessKeyId').first().waitFor()
    },
  },
  {
    name: 'backend-missing',
    who: 'dana',
    cluster: 'c-m-7xk2p9qd',
    show: async ({ page }) => {
      await page.goto('c/c-m-7xk2p9qd/token-registries-missing')
      await page.getByTestId('backend-notice').waitFor()
    },
  },
]
