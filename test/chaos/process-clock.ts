// Loaded into a server's process before the server (`NODE_OPTIONS=--import`), where it moves the process's wall clock.
// For the process this is what a clock that somebody set is: all that it can learn of the time of day comes from `Date`,
// and the monotonic clock and timers go on undisturbed. (A time namespace of Linux moves only the monotonic clock.)
// CLOCK_STEPS_SECONDS names the distances to the machine's clock, the first from the start on; each SIGUSR2 goes to the next.

const steps = (process.env['CLOCK_STEPS_SECONDS'] ?? '0').split(',').map(Number)
let step = 0

const MachineDate = Date
const now = (): number => MachineDate.now() + (steps[step] ?? 0) * 1000

globalThis.Date = new Proxy(MachineDate, {
  construct: (target, args: [], newTarget: typeof Date) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  apply: () => new MachineDate(now()).toString(),
  get: (target, key, receiver) => (key === 'now' ? now : (Reflect.get(target, key, receiver) as unknown)),
})

process.on('SIGUSR2', () => {
  step = Math.min(step + 1, steps.length - 1)
  process.stdout.write(`${JSON.stringify({ msg: 'the wall clock was set', step })}\n`)
})
