import RegistryModel from '../utils/registry-model'

/** A TokenRegistry as the page sees it: a team's, in its namespace. JavaScript, since the shell's development server takes no TypeScript here. */
export default class TokenRegistry extends RegistryModel {}
