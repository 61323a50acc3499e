// How @rancher/shell builds a Dashboard from here: with the extension built in and hot reload (npm run dashboard -- --dev), and as the host
// of the end-to-end tests, which must not hold the extension: there it comes through a UIPlugin, as in a real Rancher.
const shell = require('@rancher/shell/vue.config')

const config = shell(__dirname, { excludes: process.env.HOST_ONLY ? ['token-registries'] : [] })

// Behind npm run dashboard -- --dev, which is the only one to talk to it; the shell's own would listen to the whole network.
config.devServer.host = '127.0.0.1'
config.devServer.server = 'http'
config.devServer.client.webSocketURL = 'auto://0.0.0.0:0/ws' // where the page came from

const { configureWebpack } = config
config.configureWebpack = (webpack) => {
  configureWebpack(webpack)
  // These modules, which the shell makes up, import and require. Without a package.json of their own ours would count, which says ES module.
  webpack.module.rules.push({
    test: /[\\/]node_modules[\\/]@rancher[\\/](dynamic\.js|auto-import)/,
    type: 'javascript/auto',
  })
}

module.exports = config
