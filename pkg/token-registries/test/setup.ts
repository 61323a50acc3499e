// Texts as a user reads them: from our l10n, then from the shell's.
import { config } from '@vue/test-utils'
import { translateForHtml } from './translate'

config.global.mocks = {
  ...config.global.mocks,
  t: translateForHtml,
  $fetchState: { pending: false },
}
