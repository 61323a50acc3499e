// Under jest the shell's own settings do not work: they ask for plugins that it does not bring, and there is no .shell.
module.exports =
  process.env.NODE_ENV === 'test'
    ? {
        presets: [['@babel/preset-env', { targets: { node: 'current' } }], '@babel/preset-typescript'],
        plugins: ['babel-plugin-transform-require-context'],
      }
    : require('./.shell/pkg/babel.config.js')
