// JavaScript, because the shell's development server takes no TypeScript here.
import RegistryModel from '../utils/registry-model'

/** A ClusterTokenRegistry as the page sees it: an administrator's, for selected namespaces. */
export default class ClusterTokenRegistry extends RegistryModel {}
