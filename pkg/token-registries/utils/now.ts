// One clock for all countdowns of a page: a single timer that fires when the next of them reads differently.
import { onScopeDispose, readonly, ref, watch, type Ref } from 'vue'
import { nextChange } from './expiry'

/** Timers of browsers hold 31 bits. */
const longestWaitMs = 2 ** 31 - 1

interface Watcher {
  readonly now: Ref<Date>
  readonly times: () => readonly (Date | undefined)[]
}

const watchers = new Set<Watcher>()
let timer: ReturnType<typeof setTimeout> | undefined

/** When the words of this watcher change next, in milliseconds since the epoch. */
function dueAt({ now, times }: Watcher): number {
  const changes = times().map((time) =>
    time === undefined ? Infinity : nextChange(time, now.value).getTime(),
  )
  return Math.min(Infinity, ...changes)
}

function schedule(): void {
  clearTimeout(timer)
  const due = Math.min(Infinity, ...[...watchers].map(dueAt))
  if (due !== Infinity) timer = setTimeout(tick, Math.min(Math.max(0, due - Date.now()), longestWaitMs))
}

function tick(): void {
  const now = new Date()
  for (const watcher of watchers) if (dueAt(watcher) <= now.getTime()) watcher.now.value = now
  schedule()
}

// Timers stand still while a laptop sleeps; what is looked at again must be right at once.
function catchUp(): void {
  if (document.visibilityState === 'visible') tick()
}

/**
 * The time, moving only when a countdown to one of `times` reads differently. Call it in `setup`; it stops with the
 * component.
 */
export function useNow(times: () => readonly (Date | undefined)[]): Readonly<Ref<Date>> {
  const watcher: Watcher = { now: ref(new Date()), times }
  if (watchers.size === 0) document.addEventListener('visibilitychange', catchUp)
  watchers.add(watcher)
  const stop = watch(
    () => times().map((time) => time?.getTime()),
    () => {
      watcher.now.value = new Date()
      schedule()
    },
  )
  schedule()
  onScopeDispose(() => {
    stop()
    watchers.delete(watcher)
    if (watchers.size === 0) document.removeEventListener('visibilitychange', catchUp)
    schedule()
  })
  return readonly(watcher.now) as Readonly<Ref<Date>>
}
