// The object under the form's hands: every change goes through here, and what is wrong with it is asked here.
import isEqual from 'lodash/isEqual'
import { _EDIT } from '@shell/config/query-params'
import { providers, type Form, type FormField, type FormProvider } from '../../generated/form'
import { credentialsPath, layout, providerPath, type Layout } from '../../utils/form-layout'
import type { Message, Problem } from '../../utils/form-message'
import type { EditedObject } from '../../utils/form-save'
import { chosenBlock } from '../../utils/form-tree'
import { isEmpty, valueAt, withValue } from '../../utils/spec-path'
import { withBlock, withField, withoutHidden } from '../../utils/spec-values'
import { validate } from '../../utils/validate'
import { editable, type Conflict, type Editable } from './conflict'
import {
  blockOf,
  firstIdentity,
  isComplete,
  newSecretName,
  withIdentity,
  type Identity,
  type Way,
} from './identity'
import { nowhere, type FormPlace } from './place'

const secretPath = `${credentialsPath}.secret`
const attachPath = 'spec.serviceAccounts.attach'

/** As much of the shell's model as is changed. */
export type Value = {
  -readonly [Key in keyof EditedObject]: EditedObject[Key]
} & { metadata: { labels?: object; annotations?: object; resourceVersion?: string } }

/** Wrap it in Vue's reactive(): hence no #private names, which proxies do not have. */
export class Draft {
  readonly form: Form
  readonly mode: string
  /** The shell's model; the page's other parts (name, YAML) write to it as well. */
  readonly value: Value
  /** What the user started from; nothing for a new object. */
  base: Editable
  provider: FormProvider | undefined
  identity: Identity
  place: FormPlace = nowhere
  /** Places that the user has left, or changed by a choice. */
  touched: Record<string, boolean> = {}
  /** What the server said, by place. */
  refusals: readonly Problem[] = []
  private attachIsChosen: boolean
  /** Nobody asked for the existing Secret: a new one could not be made in the namespace. */
  private fellBack = false
  /** What the ways to credentials held that the user has left: he may come back. */
  private left: Partial<Record<Way, object>> = {}
  /** Wrong before the user came: a newer server may take what this page does not. */
  private inherited: readonly Problem[] = []
  /** The object was there before the form: nobody fills in what is wrong, so it is not waited for. */
  private readonly tellsAtOnce: boolean

  /** @param isNew create and clone; a clone starts from a spec */
  constructor(form: Form, value: Value, mode: string, isNew: boolean) {
    this.form = form
    this.mode = mode
    this.value = value
    this.attachIsChosen = !isNew || value.spec !== undefined
    this.tellsAtOnce = mode === _EDIT || (isNew && value.spec !== undefined)
    value.spec ??= {}
    this.base = isNew ? { labels: {}, annotations: {}, spec: {} } : editable(value)
    this.identity = firstIdentity(value, undefined, nowhere)
    this.inherit()
  }

  private inherit(): void {
    if (this.mode === _EDIT) this.inherited = validate(this.form, { ...this.value, spec: this.base.spec })
  }

  /** The chosen block of spec.provider. */
  get providerName(): string | undefined {
    return chosenBlock(this.value, providerPath)
  }

  get layout(): Layout | undefined {
    const { provider } = this
    return provider && layout(this.form, provider, chosenBlock(this.value, credentialsPath))
  }

  /** Everything that is wrong, whether it is shown yet or not. What the server has taken already is left to it. */
  get problems(): Problem[] {
    return validate(this.form, this.value).filter((problem) => !this.isInherited(problem))
  }

  private isInherited(problem: Problem): boolean {
    const { path } = problem
    return (
      this.inherited.some((known) => isEqual(known, problem)) &&
      isEqual(valueAt(this.base, path), valueAt(this.value, path))
    )
  }

  /** Nothing is wrong and nothing is missing, as far as the page can tell. */
  get isReady(): boolean {
    const { provider, identity, mode } = this
    return provider !== undefined && isComplete(identity, provider, mode) && this.problems.length === 0
  }

  /** What is shown: what the server said until it is changed, else what is wrong where the user has been. */
  get shown(): readonly Problem[] {
    const own = this.problems.filter(({ path }) => this.wasAt(path))
    return [...this.refusals, ...own.filter(({ path }) => !this.refusals.some((said) => said.path === path))]
  }

  private wasAt(path: string): boolean {
    if (this.tellsAtOnce && path !== 'metadata.name') return true
    return Object.keys(this.touched).some((place) => isWithin(path, place))
  }

  problem(path: string): Message | undefined {
    return this.shown.find((problem) => problem.path === path)?.message
  }

  /** Of items and keys, by what follows the path; below blocks the fields say it themselves. */
  problemsBelow(path: string): { name: string; message: Message }[] {
    return this.shown
      .filter((problem) => problem.path !== path && isWithin(problem.path, path))
      .map(({ path: place, message }) => {
        const rest = place.slice(path.length)
        const item = /^\[(\d+)\]$/.exec(rest)?.[1]
        const value = item === undefined ? undefined : valueAt(this.value, place)
        return { name: typeof value === 'string' && value !== '' ? value : rest.replace(/^\./, ''), message }
      })
  }

  /** Whether something at or below a place is shown as wrong. */
  isWrong(path: string): boolean {
    return this.shown.some((problem) => isWithin(problem.path, path))
  }

  /** Whether the form as it is now has a field where this can be told. */
  hasPlace(path: string): boolean {
    if (path.startsWith('metadata.')) return true
    const { sections, advanced } = this.layout ?? { sections: [], advanced: [] }
    const placed = [...sections.flatMap(({ fields, more }) => [...fields, ...more]), ...advanced]
    const block = `${credentialsPath}.${chosenBlock(this.value, credentialsPath)}`
    return (
      placed.some(
        (field) => isWithin(path, field.path) || (field.path.startsWith(`${path}.`) && path !== providerPath),
      ) || [credentialsPath, block, `${block}.name`].includes(path)
    )
  }

  /** Whether a field must be seen: it says something else than when nobody had touched it, or it is wrong. */
  isTold({ path, default: usual }: FormField): boolean {
    const value = valueAt(this.value, path)
    return this.isWrong(path) || (!isEmpty(value) && value !== usual)
  }

  change(path: string, value: unknown): void {
    const changed = withField(this.form, { spec: this.value.spec }, this.base, path, value)
    this.write(withoutHidden(this.form, changed, this.base, path))
    this.refusals = this.refusals.filter((said) => !isWithin(said.path, path) && !isWithin(path, said.path))
    if (path === attachPath) this.attachIsChosen = true
  }

  /** What the server said about a place is over: it has another value. */
  forget(path: string): void {
    this.refusals = this.refusals.filter((said) => said.path !== path)
  }

  touch(path: string): void {
    this.touched[path] = true
  }

  /** Takes a provider, and with it the way to credentials that suits it. */
  choose(provider: FormProvider): void {
    const before = this.provider
    this.provider = provider
    this.write(withBlock({ spec: this.value.spec }, providerPath, provider.name))
    if (before && before.name !== provider.name) this.forgetKeys()
    const block = chosenBlock(this.value, credentialsPath)
    const { name, way } = this.identity
    const suits = block !== undefined && provider.credentials.includes(block)
    if (!suits) this.write({ spec: { ...this.value.spec, credentials: undefined } })
    const first = firstIdentity(this.value, provider, this.place)
    // The name of the Secret that is to be made stands in the object already, and yet there is none.
    const staysNew = suits && before !== undefined && way === 'new'
    this.take({ ...first, name, way: staysNew ? way : first.way })
    this.fellBack = first.way === 'existing' && isEmpty(valueAt(this.value, `${secretPath}.name`))
  }

  /** Each provider has keys of its own: what was said about those of another is not kept. */
  private forgetKeys(): void {
    this.left = {}
    const keys = `${secretPath}.keys`
    if (valueAt(this.value, keys) !== undefined) this.change(keys, undefined)
  }

  /** Takes how the credentials are got; keys that were typed stay for as long as the provider does. */
  identify(identity: Identity): void {
    if (identity.way !== this.identity.way) this.fellBack = false
    this.take(identity)
  }

  private take(identity: Identity): void {
    const { way } = this.identity
    if (identity.way !== way) this.swap(way, identity.way)
    this.identity = identity
    this.followName()
    this.refusals = this.refusals.filter(({ path }) => !isWithin(path, credentialsPath))
  }

  /** Puts away what one way holds, and brings back what the other one held. */
  private swap(before: Way, way: Way): void {
    const block = blockOf(way)
    const present = valueAt(this.value, `${credentialsPath}.${blockOf(before)}`) as object | undefined
    if (present) this.left[before] = present
    const name = valueAt(this.base, `${secretPath}.name`)
    const same = block === blockOf(before) ? withValue(present ?? {}, 'name', name) : {}
    this.write(withValue({ spec: this.value.spec }, credentialsPath, { [block]: this.left[way] ?? same }))
  }

  /** Brings the name of the new Secret after that of the registry. */
  followName(): void {
    this.write(withIdentity({ spec: this.value.spec }, this.identity, this.value.metadata.name))
  }

  get secretName(): string {
    return newSecretName({ ...this.identity, name: '' }, this.value.metadata.name)
  }

  /** Takes what the user may do in the chosen namespace, and takes back proposals that would be refused there. */
  settle(place: FormPlace): void {
    this.place = place
    const { way } = this.identity
    const isNamed = !isEmpty(valueAt(this.value, `${secretPath}.name`))
    if (way === 'new' && !place.mayCreateSecret) {
      this.take({ ...this.identity, way: 'existing' })
      this.fellBack = true
    } else if (way === 'existing' && this.fellBack && !isNamed && place.mayCreateSecret)
      this.take({ ...this.identity, way: 'new' })
    if (this.attachIsChosen) return
    // A new registry shall be used: pods of the namespace need not name the Secret.
    this.change(attachPath, place.mayAttachDefault ? 'Default' : undefined)
    this.attachIsChosen = false
  }

  /** Goes on from what is there now, with the user's own changes on top. */
  takeOver({ theirs, merge: { merged }, marks, resourceVersion }: Conflict): void {
    const { value } = this
    const isTheirs = !isEqual(identifying(value), identifying(merged))
    value.spec = merged.spec
    value.metadata.labels = { ...merged.labels }
    value.metadata.annotations = { ...merged.annotations, ...marks }
    value.metadata.resourceVersion = resourceVersion
    this.base = theirs
    this.inherit()
    this.left = {}
    const { provider } = this
    if (provider?.name !== this.providerName)
      this.provider = providers.find(({ name }) => name === this.providerName)
    // Keys that were typed were meant for another Secret, or for none.
    if (isTheirs) this.identity = firstIdentity(value, this.provider, this.place)
  }

  /** Why a choice of ServiceAccounts would be refused, as a key of the l10n. */
  refused({ path }: FormField, option: string): string | undefined {
    if (path !== attachPath) return undefined
    const { mayAttachAll, mayAttachDefault } = this.place
    const allowed = option === 'All' ? mayAttachAll : option === 'Default' ? mayAttachDefault : true
    return allowed ? undefined : 'form.refused.attach'
  }

  private write(next: { spec?: object | undefined }): void {
    this.value.spec = next.spec ?? {}
  }
}

/** By what a form knows how the credentials are got: the provider, the way and the Secret. */
function identifying(object: object): unknown[] {
  return [
    chosenBlock(object, providerPath),
    chosenBlock(object, credentialsPath),
    valueAt(object, `${secretPath}.name`),
  ]
}

/** Whether a place is another one or lies below it. */
function isWithin(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}.`) || path.startsWith(`${place}[`)
}
