import SteveModel from '@shell/plugins/steve/steve-class'

/** A TokenRegistry as the page sees it. */
export default class TokenRegistry extends SteveModel {}
