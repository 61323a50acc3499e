// The object under the form's hands: every change goes through here, and what is wrong with it is asked here.
import type { Form, FormField, FormProvider } from '../../generated/form'
import { credentialsPath, layout, providerPath, type Layout } from '../../utils/form-layout'
import type { Message, Problem } from '../../utils/form-message'
import type { EditedObject } from '../../utils/form-save'
import { chosenBlock } from '../../utils/form-tree'
import { isEmpty, valueAt } from '../../utils/spec-path'
import { withBlock, withField, withoutHidden } from '../../utils/spec-values'
import { validate } from '../../utils/validate'
import { editable, type Conflict, type Editable } from './conflict'
import { firstIdentity, isComplete, newSecretName, withIdentity, type Identity } from './identity'
import { nowhere, type FormPlace } from './place'

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

  /** @param isNew create and clone; a clone starts from a spec */
  constructor(form: Form, value: Value, mode: string, isNew: boolean) {
    this.form = form
    this.mode = mode
    this.value = value
    this.attachIsChosen = !isNew || value.spec !== undefined
    value.spec ??= {}
    this.base = isNew ? { labels: {}, annotations: {}, spec: {} } : editable(value)
    this.identity = firstIdentity(value, undefined, nowhere)
  }

  /** The chosen block of spec.provider. */
  get providerName(): string | undefined {
    return chosenBlock(this.value, providerPath)
  }

  get layout(): Layout | undefined {
    const { provider } = this
    return provider && layout(this.form, provider, chosenBlock(this.value, credentialsPath))
  }

  /** Everything that is wrong, whether it is shown yet or not. */
  get problems(): Problem[] {
    return validate(this.form, this.value)
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
    this.provider = provider
    this.write(withBlock({ spec: this.value.spec }, providerPath, provider.name))
    const block = chosenBlock(this.value, credentialsPath)
    if (block === undefined || !provider.credentials.includes(block)) {
      this.write({ spec: { ...this.value.spec, credentials: undefined } })
      this.identify({ ...firstIdentity({}, provider, this.place), name: this.identity.name })
    } else this.identify(firstIdentity(this.value, provider, this.place))
  }

  /** Takes how the credentials are got; keys that were typed stay for as long as the provider does. */
  identify(identity: Identity): void {
    const renamed = this.identity.way === 'new' && identity.way === 'existing'
    if (renamed)
      this.change(`${credentialsPath}.secret.name`, valueAt(this.base, `${credentialsPath}.secret.name`))
    this.identity = identity
    this.followName()
    this.refusals = this.refusals.filter(({ path }) => !isWithin(path, credentialsPath))
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
    if (this.identity.way === 'new' && !place.mayCreateSecret)
      this.identify({ ...this.identity, way: 'existing' })
    if (this.attachIsChosen) return
    // A new registry shall be used: pods of the namespace need not name the Secret.
    this.change(attachPath, place.mayAttachDefault ? 'Default' : undefined)
    this.attachIsChosen = false
  }

  /** Goes on from what is there now, with the user's own changes on top. */
  takeOver({ theirs, merge: { merged }, resourceVersion }: Conflict): void {
    const { value } = this
    value.spec = merged.spec
    value.metadata.labels = { ...merged.labels }
    value.metadata.annotations = { ...merged.annotations }
    value.metadata.resourceVersion = resourceVersion
    this.base = theirs
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

/** Whether a place is another one or lies below it. */
function isWithin(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}.`) || path.startsWith(`${place}[`)
}
