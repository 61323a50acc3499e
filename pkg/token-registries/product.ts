import type { IPlugin } from '@shell/core/types'
import { headers, paginationHeaders } from './config/table'
import { PRODUCT, PRODUCT_MISSING, TYPES } from './config/types'

/** Between Apps and Service Discovery. */
const weight = 97

/** What both entries of the side menu have in common. The shell's own type does not know all that the shell takes. */
const entry = { inStore: 'cluster', inExplorer: true, icon: 'lock', weight }

/** Either kind tells that a server is, or was, installed. */
const ourSchemas = new RegExp(`^(${TYPES.TokenRegistry}|${TYPES.TokenRegistryServer})$`.replace(/\./g, '\\.'))

/**
 * Called by the shell for every cluster store: says what the group in the side menu holds. Of the two entries one is
 * shown at most. Users without any right on registries see neither: Steve has no schema of them for such a user, but
 * everybody may read the one of the server.
 */
export function init(plugin: IPlugin, store: unknown): void {
  initProduct(plugin, store)
  initMissing(plugin, store)
}

function initProduct(plugin: IPlugin, store: unknown): void {
  const { product, basicType, configureType, weightType, headers: setHeaders } = plugin.DSL(store, PRODUCT)
  const group = { ...entry, showNamespaceFilter: true, ifHaveType: TYPES.TokenRegistry }
  product(group)
  basicType([TYPES.TokenRegistry, TYPES.ClusterTokenRegistry])
  // What most users come for stands first.
  weightType(TYPES.TokenRegistry, 2, true)
  weightType(TYPES.ClusterTokenRegistry, 1, true)
  for (const type of [TYPES.TokenRegistry, TYPES.ClusterTokenRegistry]) {
    // The list brings its own masthead: whether Create is offered takes a question to the API server.
    const options = {
      isCreatable: true,
      isEditable: true,
      isRemovable: true,
      canYaml: true,
      showListMasthead: false,
      // Our detail page says it in a sentence of its own, with what to do about it.
      hideBanner: true,
    }
    configureType(type, options)
    setHeaders(type, headers(type), paginationHeaders(type))
  }
}

/** Where the server is not installed, an entry says so and what to ask for. */
function initMissing(plugin: IPlugin, store: unknown): void {
  const { product, basicType, virtualType } = plugin.DSL(store, PRODUCT_MISSING)
  const group = { ...entry, ifNotHaveType: ourSchemas }
  product(group)
  // An overview that is the only child: the group's header itself is the link.
  const page = {
    name: PRODUCT_MISSING,
    labelKey: `product.${PRODUCT}`,
    overview: true,
    route: { name: MISSING_ROUTE },
  }
  virtualType(page)
  basicType([PRODUCT_MISSING])
}

/**
 * Name of the page that says what is missing. In names that begin with c-cluster- the shell reads a product up to the
 * next hyphen; from others it takes the product that the route's meta names.
 */
export const MISSING_ROUTE = `${PRODUCT_MISSING}-page`
