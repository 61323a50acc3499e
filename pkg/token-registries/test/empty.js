// Stands for pictures, styles and the clipboard.
module.exports = {}
