// Installs the npm packages when the lock file asks for others than those in node_modules.
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join, sep } from 'node:path'
import { runForwardingSignals } from './spawn.mjs'

/**
 * Compares the lock file with the record that npm leaves at the end of an install: an interrupted install leaves none.
 * Packages for other platforms are optional and may be absent.
 *
 * @param {string} root folder of the checkout
 */
export function packagesAreCurrent(root) {
  try {
    const wanted = readPackages(join(root, 'package-lock.json'))
    const installed = readPackages(join(root, 'node_modules/.package-lock.json'))
    if (!existsSync(join(root, 'node_modules/.bin/node'))) return false
    return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
      if (path === '') return true // the project itself
      const found = installed[path]
      return found ? found.version === version && found.integrity === integrity : optional === true
    })
  } catch {
    return false
  }
}

function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages
}

/** @returns {Promise<number>} npm's exit code */
export function installPackages(root) {
  console.error('installing npm packages')
  const args = ['ci', '--no-progress', '--no-audit', '--no-fund', '--loglevel=error']
  return runForwardingSignals('npm', args, {
    cwd: root,
    stdio: ['ignore', 2, 2], // standard output belongs to the command itself
    env: { ...process.env, PATH: pathWithoutPackages() },
  })
}

/** npm puts node_modules/.bin in front, where `node` is the one that an install removes under its own feet. */
export function pathWithoutPackages(path = process.env.PATH ?? '') {
  const packages = `${sep}node_modules${sep}.bin`
  return path
    .split(delimiter)
    .filter((folder) => !folder.endsWith(packages))
    .join(delimiter)
}
