// How @rancher/shell builds a Dashboard from here: `npm run dashboard:dev` (with the extension built in and hot reload) and the host of the
// end-to-end tests, which must not hold the extension: there it comes through a UIPlugin, as in a real Rancher.
const shell = require('@rancher/shell/vue.config')

module.exports = shell(__dirname, { excludes: process.env.HOST_ONLY ? ['token-registries'] : [] })
