// Saving from the form: what is sent, what is said when it is refused, and what is cleaned up when the user gives up.
import { _CREATE } from '@shell/config/query-params'
import { removeSecret, type MadeSecret } from '../../utils/credentials-secret'
import type { Message, Problem } from '../../utils/form-message'
import {
  body,
  confirmed,
  covers,
  liveRegistry,
  saveRegistry,
  SecretRefused,
  Unconfirmed,
  writeSecret,
  type EditedObject,
  type KindNames,
  type SecretPlan,
} from '../../utils/form-save'
import type { PageStore } from '../../utils/raw'
import { readRefusal } from '../../utils/refusal'
import { valueAt } from '../../utils/spec-path'
import { askStrictly, registryFromYaml } from '../../utils/yaml-save'
import { findConflict, type Conflict } from './conflict'
import type { Draft } from './draft'
import { secretPlan } from './identity'
import { NotSaved, planForYaml } from './yaml'

const secretPath = 'spec.credentials.secret.name'

/**
 * Why a Secret of this form is still there. leftBehind: it could not be removed. inUse: the registry was written after
 * all. unsure: nobody could tell whether it was.
 */
export type Left = 'leftBehind' | 'inUse' | 'unsure'

type Place = Pick<EditedObject['metadata'], 'name' | 'namespace'>

function placeOf({ metadata: { name, namespace } }: EditedObject): Place {
  return { name, ...(namespace !== undefined && { namespace }) }
}

/** Wrap it in Vue's reactive(). */
export class Saver {
  /** What is said above the form. */
  general: readonly Message[] = []
  conflict: Conflict | undefined
  private made: MadeSecret | undefined
  /** In this try: the server sees new keys at once and reports, so the registry that follows meets a newer version. */
  private secretIsWritten = false
  /** What was saved, once it is. The YAML editor may have named it otherwise than the form. */
  saved: Place | undefined
  /** The registry that was sent and may be there: its answer was lost. */
  private unsure: Place | undefined
  private running: Promise<unknown> = Promise.resolve()
  private readonly store: PageStore
  private readonly draft: Draft
  private readonly names: KindNames

  constructor(store: PageStore, draft: Draft, names: KindNames) {
    this.store = store
    this.draft = draft
    this.names = names
  }

  private get isNew(): boolean {
    return this.draft.mode === _CREATE
  }

  private get plan(): SecretPlan | undefined {
    const { value, identity, provider, place, mode } = this.draft
    return provider && secretPlan(value, identity, provider, place, mode)
  }

  /** Saves; whatever stands against it is told at the fields, or above them. @returns whether it is saved */
  save(): Promise<boolean> {
    const saving = this.try()
    this.running = saving
    return saving
  }

  private async try(): Promise<boolean> {
    this.general = []
    this.conflict = undefined
    this.draft.refusals = []
    try {
      await this.send()
      this.saved = placeOf(this.draft.value)
      return true
    } catch (error) {
      this.tell(error)
      return false
    }
  }

  private async send(): Promise<void> {
    const { draft } = this
    this.secretIsWritten = false
    try {
      await this.sendOnce()
    } catch (error) {
      if (await this.isThere(error, draft.value, this.plan)) return
      if (this.isNew || readRefusal(error, draft.form).kind !== 'conflict') throw error
      const conflict = await findConflict(this.store, this.names, draft.base, draft.value)
      // Only the server's report has changed, or the very same things: nothing to ask about.
      if (conflict.merge.theirs.length > 0) {
        this.conflict = conflict
        throw error
      }
      draft.takeOver(conflict)
      await this.sendOnce()
    }
  }

  private async sendOnce(): Promise<void> {
    const { value } = this.draft
    await this.leaveToEarlier(value)
    const { made } = this
    const plan = this.secretIsWritten ? undefined : this.plan
    await saveRegistry(this.store, {
      names: this.names,
      object: value,
      isNew: this.isNew,
      ...(plan && { secret: plan }),
      ...(made && { made }),
      onSecret: (now) => {
        this.made = now
        this.secretIsWritten = true
      },
    })
  }

  /**
   * Saves what is in the YAML editor, with the keys that were typed in the form if they belong to it.
   * @param write the shell's own way of writing a YAML text
   * @throws NotSaved, SecretRefused, Unconfirmed, what reading the text or `write` throws
   */
  saveYaml(yaml: string, write: () => Promise<unknown>): Promise<void> {
    const saving = this.writeYaml(yaml, write)
    this.running = saving.catch(() => undefined)
    return saving
  }

  private async writeYaml(yaml: string, write: () => Promise<unknown>): Promise<void> {
    const object = registryFromYaml(yaml)
    if (!object) throw new NotSaved({ key: 'form.yaml.empty' })
    const plan = planForYaml(this.plan, object, this.draft)
    this.secretIsWritten = false
    try {
      if (plan) {
        await askStrictly(this.store, this.names, object, this.isNew ? undefined : this.draft.value)
        await this.leaveToEarlier(object)
        this.made = await writeSecret(this.store, plan, this.made)
        this.secretIsWritten = true
      }
      await confirmed(write())
    } catch (error) {
      if (!(await this.isThere(error, object, plan))) throw error
    }
    this.saved = placeOf(object)
  }

  /** Whether a new registry was written all the same: the answer to it, or to an earlier try, was lost. */
  private async isThere(error: unknown, sent: EditedObject, plan: SecretPlan | undefined): Promise<boolean> {
    if (error instanceof Unconfirmed) this.unsure = placeOf(sent)
    else if (!this.unsure || readRefusal(error, this.draft.form).kind !== 'exists') return false
    if (!this.isNew) return false
    try {
      const live = await liveRegistry(this.store, this.names, sent)
      if (!covers(live, body(this.names, sent, true))) return false
    } catch {
      return false
    }
    // Other keys may have been typed since then.
    if (plan && !this.secretIsWritten) this.made = await writeSecret(this.store, plan, this.made)
    return true
  }

  /** Under another name now: the Secret of an earlier try stays with the registry of that try, if that is there. */
  private async leaveToEarlier({ metadata: { name, namespace } }: EditedObject): Promise<void> {
    const { unsure } = this
    if (!unsure || (unsure.name === name && unsure.namespace === namespace)) return
    if ((await this.useOfSecret()) !== 'none') this.made = undefined
    this.unsure = undefined
  }

  /** Whether the registry that may be there names the Secret that this form made. */
  private async useOfSecret(): Promise<'none' | 'inUse' | 'unsure'> {
    const { unsure, made } = this
    if (!unsure) return 'none'
    try {
      const live = await liveRegistry(this.store, this.names, { metadata: unsure })
      return valueAt(live, secretPath) === made?.name ? 'inUse' : 'none'
    } catch (error) {
      return (error as { _status?: number } | undefined)?._status === 404 ? 'none' : 'unsure'
    }
  }

  private tell(error: unknown): void {
    if (this.conflict) return
    const ofSecret = error instanceof SecretRefused
    const wrapped = ofSecret || error instanceof Unconfirmed
    const refusal = readRefusal(wrapped ? error.answer : error, this.draft.form)
    if (!ofSecret) {
      const homeless = refusal.fields.filter(({ path }) => !this.draft.hasPlace(path))
      this.draft.refusals = refusal.fields.filter((field) => !homeless.includes(field))
      this.general = [...refusal.general, ...homeless.map(({ message }) => message)]
    } else if (refusal.kind === 'exists') this.draft.refusals = [this.secretExists()]
    else this.general = [{ key: 'form.secretRefused' }, ...refusal.general]
  }

  /** Not made by this form, so somebody's: it is not written to. */
  private secretExists(): Problem {
    return { path: secretPath, message: { key: 'form.secretExists' } }
  }

  /** Puts the user's changes on top of what is there now; saving is the user's next step. */
  keepMine(): void {
    if (this.conflict) this.draft.takeOver(this.conflict)
    this.conflict = undefined
  }

  /**
   * The user leaves: a Secret that was made for a registry that never came goes too.
   * @param onLeft told why a Secret stays, and its name
   */
  async abandon(onLeft: (why: Left, name: string) => void): Promise<void> {
    await this.running
    const { made } = this
    if (!made || this.saved) return
    const name = `${made.namespace}/${made.name}`
    const use = await this.useOfSecret()
    if (use !== 'none') return onLeft(use, name)
    try {
      await removeSecret(this.store, made)
    } catch {
      onLeft('leftBehind', name)
    }
  }
}
