const { parse } = require('yaml')

module.exports = {
  process: (text) => ({ code: `module.exports = ${JSON.stringify(parse(text))}` }),
}
