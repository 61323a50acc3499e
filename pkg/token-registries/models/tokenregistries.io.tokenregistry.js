// JavaScript, because the shell's development server takes no TypeScript here.
import RegistryModel from '../utils/registry-model'

/** A TokenRegistry as the page sees it: a team's, in its namespace. */
export default class TokenRegistry extends RegistryModel {}
