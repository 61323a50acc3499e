import { DESCRIPTION } from '@shell/config/labels-annotations'
import SteveModel from '@shell/plugins/steve/steve-class'
import { ANNOTATIONS, PRODUCT } from '../config/types'
import type { ObjectMeta, RegistryStatus, TokenRegistrySpec } from '../generated/types'
import { detailsOf, type MastheadDetail } from './details'
import { healthOf, type Health } from './health'
import { listFollows } from './list-follows'
import { askForRefresh, setSuspended, type ActingRegistry } from './registry-actions'
import { asSentence, say, type Translate } from './text'
import { askAboutYaml, type YamlModel } from './yaml-save'

/** The object that a model wraps. Its fields are set by the shell's constructor, so the class declares none. */
interface RegistryObject {
  metadata: Partial<ObjectMeta>
  readonly spec?: Partial<TokenRegistrySpec>
  status?: RegistryStatus
}

interface MenuAction {
  readonly action?: string
  readonly divider?: boolean
  readonly [option: string]: unknown
}

/** As much of the shell's model as is used here; its own declarations know little of it. */
interface ShellModel {
  readonly canUpdate: boolean
  readonly schema?: { readonly links?: { readonly collection?: string } }
  readonly _availableActions: MenuAction[]
  readonly _detailLocation: { name: string; params: Record<string, string> }
  t(key: string): string
  linkFor(name: string): string | undefined
  cleanForNew(): void
  saveYaml(yaml: string, initialYaml: string): Promise<void>
}

/** The store that an object is in. */
interface Stored {
  readonly type: string
  readonly $ctx: {
    dispatch(action: string, payload: unknown): Promise<unknown>
    commit(mutation: string, payload: unknown): void
  }
}

const Base = SteveModel as unknown as new () => ShellModel

/** What both kinds of registries have in common: their state in words, and what can be done with them. */
export default class RegistryModel extends Base {
  /** The situation at this moment. Components that show it for long follow a clock of their own (utils/now.ts). */
  get health(): Health {
    return healthOf(objectOf(this), new Date())
  }

  get stateDisplay(): string {
    return say(wordsOf(this), this.health.badge, new Date())
  }

  get stateColor(): string {
    return `text-${this.health.colour}`
  }

  get stateSimpleColor(): string {
    return this.health.colour
  }

  /** Steve derives a state from the conditions by rules for all kinds. These here know more: docs/adr/0007. */
  get stateObj(): { name: string; error: boolean; transitioning: boolean; message: string } {
    const { state, colour } = this.health
    return { name: state, error: colour === 'error', transitioning: false, message: this.stateDescription }
  }

  /** A line below the row of a list, for what needs attention. */
  get stateDescription(): string {
    const { colour, sentence, message = '' } = this.health
    if (colour !== 'error' && colour !== 'warning') return ''
    const said = say(wordsOf(this), sentence, new Date())
    return message === '' ? said : `${said} ${asSentence(message)}`
  }

  /** The code of what goes wrong; undefined while nothing does. */
  get failureCode(): string | undefined {
    const { colour, reason } = this.health
    return colour === 'error' || colour === 'warning' ? reason : undefined
  }

  /** Lines of Rancher's masthead. */
  get details(): MastheadDetail[] {
    return detailsOf(objectOf(this), this.providerName, wordsOf(this))
  }

  /** The name of the provider block, before the first status too. */
  get providerName(): string {
    const { spec, status } = objectOf(this)
    return status?.provider ?? Object.keys(spec?.provider ?? {})[0] ?? ''
  }

  // The shell's setter also writes spec.description, which our schema does not have.
  get description(): string | undefined {
    return objectOf(this).metadata.annotations?.[DESCRIPTION]
  }

  set description(text: string | undefined) {
    const { metadata } = objectOf(this)
    metadata.annotations = { ...metadata.annotations, [DESCRIPTION]: text ?? '' }
  }

  /** Links to a registry lead into our pages, from wherever they are followed. */
  get _detailLocation(): { name: string; params: Record<string, string> } {
    const location = super._detailLocation
    return { ...location, params: { ...location.params, product: PRODUCT } }
  }

  get _availableActions(): MenuAction[] {
    const suspended = objectOf(this).spec?.suspend === true
    const mine: MenuAction[] = [
      {
        action: 'refreshNow',
        label: this.t('tokenRegistries.actions.refresh.label'),
        icon: 'icon icon-refresh',
        // By weight the buttons above a list stand in one order, whatever the rows offer.
        // While it is suspended the server asks for nothing.
        enabled: this.canUpdate && !suspended,
        bulkable: true,
        bulkAction: 'refreshNowBulk',
        weight: 3,
      },
      {
        action: 'suspend',
        label: this.t('tokenRegistries.actions.suspend.label'),
        icon: 'icon icon-pause',
        enabled: this.canUpdate && !suspended,
        bulkable: true,
        bulkAction: 'suspendBulk',
        weight: 2,
      },
      {
        action: 'resume',
        label: this.t('tokenRegistries.actions.resume.label'),
        icon: 'icon icon-play',
        enabled: this.canUpdate && suspended,
        bulkable: true,
        bulkAction: 'resumeBulk',
        weight: 1,
      },
      { divider: true },
    ]
    return [...mine, ...super._availableActions]
  }

  /** Resolves when the outcome has been told. */
  refreshNow(): Promise<void> {
    return this.refreshNowBulk([this])
  }

  suspend(): Promise<void> {
    return this.suspendBulk([this])
  }

  resume(): Promise<void> {
    return this.resumeBulk([this])
  }

  refreshNowBulk(registries: readonly RegistryModel[]): Promise<void> {
    return askForRefresh(acting(registries), wordsOf(this))
  }

  suspendBulk(registries: readonly RegistryModel[]): Promise<void> {
    return setSuspended(acting(registries), true, wordsOf(this))
  }

  resumeBulk(registries: readonly RegistryModel[]): Promise<void> {
    return setSuspended(acting(registries), false, wordsOf(this))
  }

  /**
   * Deletes it. The shell's own takes an answer without an object (204) for an event of the watch; for a list that is
   * shown page by page it then ends that watch, and the row would stay for as long as the list is open.
   */
  async _remove(options: Record<string, unknown> = {}): Promise<void> {
    const { $ctx, type } = storedOf(this)
    const opt = { url: this.linkFor('self'), ...options, method: 'delete' }
    const answer = (await $ctx.dispatch('request', { opt, type })) as { _status?: number }
    if (answer._status === 204) {
      $ctx.commit('remove', this)
      await this.listForgets()
    } else await $ctx.dispatch('load', { data: answer, existing: this, invalidatePageCache: false })
  }

  /** From the page of the registry the way leads to the list, which is opened anew. */
  private async listForgets(): Promise<void> {
    const { $ctx, type } = storedOf(this)
    const { name = '', namespace, uid: gone } = objectOf(this).metadata
    if (gone === undefined) return
    const ask = (url: string): Promise<unknown> =>
      $ctx.dispatch('request', { opt: { url, redirectUnauthorized: false }, type })
    await listFollows(ask, this.schema?.links?.collection, { name, ...(namespace && { namespace }), gone })
  }

  /** A mistyped field, which Steve would drop without a word, is refused. @throws what the cluster refuses it with */
  async saveYaml(yaml: string, initialYaml: string): Promise<void> {
    await askAboutYaml(this as unknown as YamlModel, yaml)
    await super.saveYaml(yaml, initialYaml)
  }

  /** A copy has a status of its own, and nobody has asked for its refresh. */
  cleanForNew(): void {
    super.cleanForNew()
    const object = objectOf(this)
    delete object.metadata.annotations?.[ANNOTATIONS.refreshRequestedAt]
    delete object.status
  }
}

// The page's models are proxies of Vue, on which private fields of a class fail: hence functions.

function objectOf(model: unknown): RegistryObject {
  return model as RegistryObject
}

function storedOf(model: unknown): Stored {
  return model as Stored
}

function wordsOf(model: unknown): Translate {
  return (model as { $rootGetters: Record<string, unknown> }).$rootGetters['i18n/t'] as Translate
}

function acting(registries: readonly unknown[]): readonly ActingRegistry[] {
  return registries as readonly ActingRegistry[]
}
