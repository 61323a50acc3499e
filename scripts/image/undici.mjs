// What the server uses of undici, in the place of its index: that one loads fetch, WebSockets, caches and mocks too, which
// cost 20 MiB and a tenth of a second. A name that is missing here fails the bundling; add it.
import api from 'undici/lib/api/index.js'
import Agent from 'undici/lib/dispatcher/agent.js'
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js'
import Pool from 'undici/lib/dispatcher/pool.js'
import ProxyAgent from 'undici/lib/dispatcher/proxy-agent.js'

// As undici's index does.
Object.assign(Dispatcher.prototype, api)

/** Named by a client of client-node that nobody makes. */
export const { fetch } = globalThis

export { Agent, Pool, ProxyAgent }
