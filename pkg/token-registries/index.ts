import { importTypes } from '@rancher/auto-import'
import { TabLocation, TableColumnLocation, type IPlugin } from '@shell/core/types'
import { PRODUCT_MISSING, SECRET_TAB, TYPES } from './config/types'
import { MISSING_ROUTE } from './product'

/** Rancher's own kind, on whose pages ours ties in. */
const SECRET = 'secret'

/** Entry of the extension: Rancher calls it once, when the Dashboard starts. */
export default function (plugin: IPlugin): void {
  // Models, lists, forms, detail pages and texts, by folder and file name.
  importTypes(plugin)
  plugin.metadata = require('./package.json')
  plugin.addProduct(require('./product'))
  plugin.addRoutes([
    {
      parent: 'default',
      route: {
        name: MISSING_ROUTE,
        path: `/c/:cluster/${PRODUCT_MISSING}`,
        component: () => import('./pages/Missing.vue'),
        meta: { product: PRODUCT_MISSING },
      },
    },
  ])
  // Lists with headers of their own are paged by the API only when an extension says so.
  plugin.enableServerSidePagination?.({
    cluster: {
      resources: { enableSome: { enabled: [TYPES.TokenRegistry, TYPES.ClusterTokenRegistry] } },
    },
  })
  tieIntoSecrets(plugin)
}

function tieIntoSecrets(plugin: IPlugin): void {
  const column = {
    name: 'token-registries-kept',
    labelKey: 'tokenRegistries.secrets.column',
    formatter: 'TokenRegistrySecret',
    value: 'metadata.annotations',
    // The API sorts and searches no annotations.
    sort: false,
    search: false,
  }
  const list = { resource: [SECRET], mode: ['list'] }
  plugin.addTableColumn(TableColumnLocation.RESOURCE, list, { ...column }, { ...column })
  plugin.addTab(
    TabLocation.RESOURCE_DETAIL,
    { resource: [SECRET] },
    {
      name: SECRET_TAB,
      labelKey: 'tokenRegistries.secrets.tab.label',
      component: () => import('./components/secrets/SecretTab.vue'),
    },
  )
}
