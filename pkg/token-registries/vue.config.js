// .shell is a link that the shell's build script makes and removes.
module.exports = require('./.shell/pkg/vue.config')(__dirname)
