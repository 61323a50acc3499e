// Component and composable tests: jest, as @rancher/shell brings it, with the shell's own components.
const path = require('path')

const shell = path.dirname(require.resolve('@rancher/shell/package.json'))

module.exports = {
  rootDir: __dirname,
  testMatch: ['<rootDir>/**/*.test.ts'],
  // A limit against hanging, not a measure: whole forms are mounted, beside other work on a slow machine.
  testTimeout: 60_000,
  testEnvironment: 'jsdom',
  testEnvironmentOptions: { customExportConditions: ['node', 'node-addons'] },
  moduleFileExtensions: ['ts', 'js', 'json', 'vue'],
  moduleNameMapper: {
    '\\.(svg|png|jpe?g|gif|s?css)$': '<rootDir>/test/empty.js',
    // Types alone; the shell's components import it as if there were a module.
    '^@shell/types/store/vuex$': '<rootDir>/test/empty.js',
    '^@shell/(.*)$': `${shell}/$1`,
    '^@components/(.*)$': `${shell}/rancher-components/$1`,
    '^@pkg/(.*)$': '<rootDir>/$1',
    '^clipboard-polyfill$': '<rootDir>/test/empty.js',
  },
  // For the scripts of .vue files: not the server's settings, which it would find first.
  globals: { 'vue-jest': { tsConfig: `${__dirname}/tsconfig.json` } },
  modulePathIgnorePatterns: ['<rootDir>/.shell'],
  transform: {
    '\\.(ts|m?js)$': ['babel-jest', { configFile: `${__dirname}/babel.config.js` }],
    '\\.vue$': '<rootDir>/test/vue-transform.js',
    '\\.ya?ml$': '<rootDir>/test/yaml-transform.js',
  },
  transformIgnorePatterns: [
    'node_modules/(?!(@rancher/shell|color|color-string|color-convert|color-name|vee-validate|@vee-validate)/)',
  ],
  setupFilesAfterEnv: ['<rootDir>/test/setup.ts'],
}
