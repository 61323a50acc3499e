import { importTypes } from '@rancher/auto-import'
import type { IPlugin } from '@shell/core/types'

/** Entry of the extension: Rancher calls it once, when the Dashboard starts. */
export default function (plugin: IPlugin): void {
  // Models, lists, forms, detail pages and texts, by folder and file name.
  importTypes(plugin)
  plugin.metadata = require('./package.json')
  plugin.addProduct(require('./product'))
}
