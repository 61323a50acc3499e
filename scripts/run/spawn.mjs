import { spawn } from 'node:child_process'
import { constants } from 'node:os'

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Runs a command to its end, handing on the signals that ask it to stop.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 * @returns {Promise<number>} its exit code; 128 + number when a signal ended it, as a shell reports it; 127 not found
 */
export function runForwardingSignals(command, args, options) {
  let child
  // Installed before the child exists: it may be up, and whoever waits for it may signal us, before spawn() returns.
  // A terminal sends Ctrl-C to the whole group itself; a second one would read as "at once, without cleaning up".
  const handlers = forwarded.map((signal) => [
    signal,
    () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)),
  ])
  for (const [signal, handler] of handlers) process.on(signal, handler)
  child = spawn(command, args, options)
  return new Promise((resolve) => {
    child.on('error', (error) => {
      console.error(`${command} could not be started: ${error.message}`)
      resolve(127)
    })
    child.on('close', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)))
  }).finally(() => {
    for (const [signal, handler] of handlers) process.off(signal, handler)
  })
}
