import type { IPlugin } from '@shell/core/types'
import { PRODUCT, TYPES } from './config/types'

/** Called by the shell for every cluster store: says what the group in the side menu holds. */
export function init(plugin: IPlugin, store: unknown): void {
  const { product, basicType, configureType } = plugin.DSL(store, PRODUCT)

  // The shell's type of it does not know all that the shell takes.
  const group = {
    inStore: 'cluster',
    inExplorer: true,
    icon: 'globe',
    // Between Apps and Service Discovery.
    weight: 97,
    showNamespaceFilter: true,
    // Without any right on them Steve shows no schema: no menu entry either.
    ifHaveType: TYPES.TokenRegistry,
  }
  product(group)

  basicType([TYPES.TokenRegistry, TYPES.ClusterTokenRegistry])
  configureType(TYPES.TokenRegistry, {
    isCreatable: true,
    isEditable: true,
    isRemovable: true,
    canYaml: true,
  })
  configureType(TYPES.ClusterTokenRegistry, {
    isCreatable: true,
    isEditable: true,
    isRemovable: true,
    canYaml: true,
  })
}
