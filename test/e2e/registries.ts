// Our pages as somebody sees them: what is where, by handles that do not depend on looks.
import type { Locator, Page } from 'playwright-core'
import { violations } from './axe.ts'
import type { ClusterId } from './stage.ts'

/** `namespace/name`, or the name of a cluster registry. */
export type RegistryId = string

const namespaced = 'tokenregistries.io.tokenregistry'
const clusterScoped = 'tokenregistries.io.clustertokenregistry'

/** The pages of one cluster. */
export class Registries {
  readonly #page: Page
  readonly #cluster: ClusterId

  constructor(page: Page, cluster: ClusterId) {
    this.#page = page
    this.#cluster = cluster
  }

  /** Path below /dashboard/ of a page about TokenRegistries: '' is the list. */
  path(rest = ''): string {
    return `c/${this.#cluster}/token-registries/${namespaced}${rest && `/${rest}`}`
  }

  /** The same about ClusterTokenRegistries. */
  clusterPath(rest = ''): string {
    return `c/${this.#cluster}/token-registries/${clusterScoped}${rest && `/${rest}`}`
  }

  async openList(): Promise<void> {
    await this.#open(this.path(), this.table)
  }

  async openClusterList(): Promise<void> {
    await this.#open(this.clusterPath(), this.table)
  }

  /** Opens the form for a new registry of a provider. */
  async openCreate(provider: 'ecr' | 'static'): Promise<void> {
    await this.#open(this.path(`create?type=${provider}`), this.save)
  }

  async openEdit(id: RegistryId): Promise<void> {
    await this.#open(this.path(`${id}?mode=edit`), this.save)
  }

  async openDetail(id: RegistryId): Promise<void> {
    await this.#open(id.includes('/') ? this.path(id) : this.clusterPath(id), this.headline)
  }

  async #open(path: string, sign: Locator): Promise<void> {
    await this.#page.goto(path, { waitUntil: 'domcontentloaded' })
    await sign.waitFor()
  }

  /** What axe finds below the elements of a selector. */
  violations(ours: string): Promise<string[]> {
    return violations(this.#page, ours)
  }

  // The list.

  get table(): Locator {
    return this.#page.getByTestId('token-registries-table')
  }

  get create(): Locator {
    return this.#page.getByTestId('token-registries-list-create')
  }

  /** The row of a registry, by its name. */
  row(name: string): Locator {
    const link = this.#page.getByRole('link', { name, exact: true })
    return this.table.locator('tr.main-row').filter({ has: link })
  }

  /** Waits until a registry's badge says this. */
  async untilState(name: string, state: string): Promise<void> {
    await this.row(name).locator('.badge-state').filter({ hasText: state }).waitFor()
  }

  /** Opens the menu of a row. @returns its entries */
  async openMenu(name: string): Promise<Locator> {
    await this.row(name).locator('[data-testid$="action-button"]').click()
    const entries = this.#page.getByRole('menuitem')
    await entries.first().waitFor()
    return entries
  }

  /** Chooses an entry of a row's menu. */
  async act(name: string, entry: string): Promise<void> {
    const entries = await this.openMenu(name)
    await entries.filter({ hasText: entry }).click()
  }

  // The form.

  get save(): Locator {
    return this.#page.getByTestId('form-save')
  }

  get name(): Locator {
    return this.#page.getByTestId('NameNsDescriptionNameInput')
  }

  /** The input of a field of the schema, by its path; the first one of a list. */
  field(path: string): Locator {
    return this.#page
      .getByTestId(`field-${path}`)
      .or(this.#page.getByTestId(`field-${path}-input-0`))
      .first()
  }

  /** An input for a key of a new Secret. */
  key(name: string): Locator {
    return this.#page.getByTestId(`form-key-${name}`)
  }

  /** What is said at a field. */
  problem(path: string): Locator {
    return this.#page.locator(`[data-field="${path}"]`).getByTestId('field-message')
  }

  async showAdvanced(): Promise<void> {
    await this.#page.getByTestId('form-advanced').click()
  }

  /** Saves, and sees it in the list to which the form leads: once Steve's list has it, else a reload would be needed. */
  async saveAndSee(name: string): Promise<void> {
    const looks = this.#page.waitForResponse(async (response) => {
      const url = new URL(response.url())
      if (!url.searchParams.getAll('filter').includes(`metadata.name='${name}'`)) return false
      const { data } = (await response.json()) as { data: { metadata: { name: string } }[] }
      return data.length === 1 && data[0]?.metadata.name === name
    })
    await this.save.click()
    await looks
    await this.save.waitFor({ state: 'detached' })
    await this.row(name).waitFor()
  }

  // The detail page.

  get headline(): Locator {
    return this.#page.getByTestId('registry-headline-sentence')
  }

  get refreshNow(): Locator {
    return this.#page.getByTestId('registry-headline').getByRole('button', { name: 'Refresh now' })
  }

  /** A short message in the corner. */
  message(text: string | RegExp): Locator {
    return this.#page.locator('.growl').filter({ hasText: text })
  }
}
