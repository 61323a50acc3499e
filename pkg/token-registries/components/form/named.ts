// The shell's select draws a combobox whose label it does not connect with it; screen readers then say nothing.
import type { Directive } from 'vue'

/** Gives a LabeledSelect the name that its label shows: `v-named="label"`. */
export const named: Directive<HTMLElement, string> = (element, { value }) => {
  element.setAttribute('aria-label', value)
}
