// Without TypeScript the compiler refuses components that take their props from imported types.
require('@vue/compiler-sfc').registerTS(() => require('typescript'))

module.exports = require('@vue/vue3-jest')
