// Saving from the form: what is sent, what is said when it is refused, and what is cleaned up when the user gives up.
import { _CREATE } from '@shell/config/query-params'
import { removeSecret, type MadeSecret } from '../../utils/credentials-secret'
import type { Message, Problem } from '../../utils/form-message'
import {
  saveRegistry,
  SecretRefused,
  writeSecret,
  type KindNames,
  type SecretPlan,
} from '../../utils/form-save'
import type { PageStore } from '../../utils/raw'
import { readRefusal } from '../../utils/refusal'
import { findConflict, type Conflict } from './conflict'
import type { Draft } from './draft'
import { secretPlan } from './identity'

const secretPath = 'spec.credentials.secret.name'

/** Wrap it in Vue's reactive(). */
export class Saver {
  /** What is said above the form. */
  general: readonly Message[] = []
  conflict: Conflict | undefined
  private made: MadeSecret | undefined
  /** In this try: the server sees new keys at once and reports, so the registry that follows meets a newer version. */
  private secretIsWritten = false
  private isSaved = false
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
  async save(): Promise<boolean> {
    this.general = []
    this.conflict = undefined
    this.draft.refusals = []
    try {
      await this.send()
      this.done()
      return true
    } catch (error) {
      this.tell(error)
      return false
    }
  }

  private async send(): Promise<void> {
    this.secretIsWritten = false
    try {
      await this.sendOnce()
    } catch (error) {
      if (this.isNew || readRefusal(error, this.draft.form).kind !== 'conflict') throw error
      const conflict = await findConflict(this.store, this.names, this.draft.base, this.draft.value)
      // Only the server's report has changed, or the very same things: nothing to ask about.
      if (conflict.merge.theirs.length > 0) {
        this.conflict = conflict
        throw error
      }
      this.draft.takeOver(conflict)
      await this.sendOnce()
    }
  }

  private async sendOnce(): Promise<void> {
    const { made } = this
    const plan = this.secretIsWritten ? undefined : this.plan
    await saveRegistry(this.store, {
      names: this.names,
      object: this.draft.value,
      isNew: this.isNew,
      ...(plan && { secret: plan }),
      ...(made && { made }),
      onSecret: (now) => {
        this.made = now
        this.secretIsWritten = true
      },
    })
  }

  /** For the YAML editor, which writes the registry itself. @throws a sentence for the user */
  async writeSecret(): Promise<void> {
    if (this.plan) this.made = await writeSecret(this.store, this.plan, this.made)
  }

  /** The registry is there: its Secret stays. */
  done(): void {
    this.isSaved = true
  }

  private tell(error: unknown): void {
    if (this.conflict) return
    const ofSecret = error instanceof SecretRefused
    const refusal = readRefusal(ofSecret ? error.answer : error, this.draft.form)
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
   * @param onFailure told the name of a Secret that stays behind
   */
  async abandon(onFailure: (name: string) => void): Promise<void> {
    const { made } = this
    if (!made || this.isSaved) return
    try {
      await removeSecret(this.store, made)
    } catch {
      onFailure(`${made.namespace}/${made.name}`)
    }
  }
}
