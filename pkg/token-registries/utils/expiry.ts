// Countdowns: how far a time is away in words, and when those words change next.
import type { Translate } from './text'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
/** Up to here hours are said: most passwords live for 12 h, and "1 d" for 47 h would say little. */
const longestInHours = 48 * hour

/** The unit that a duration is said in; undefined below a minute. */
function unitOf(ms: number): number | undefined {
  if (ms < minute) return undefined
  if (ms < hour) return minute
  return ms < longestInHours ? hour : day
}

/** "7 h", "40 min", "3 d", "under 1 min": rounded down, so that never more is promised than is left. */
export function durationText(t: Translate, ms: number): string {
  const unit = unitOf(ms)
  if (unit === undefined) return t('tokenRegistries.expiry.moment')
  const count = Math.floor(ms / unit)
  if (unit === minute) return t('tokenRegistries.expiry.minutes', { count })
  return unit === hour
    ? t('tokenRegistries.expiry.hours', { count })
    : t('tokenRegistries.expiry.days', { count })
}

/** "in 7 h", "5 min ago", "just now". */
export function countdownText(t: Translate, time: Date, now: Date): string {
  const left = time.getTime() - now.getTime()
  if (left > 0) return t('tokenRegistries.expiry.in', { duration: durationText(t, left) })
  if (-left < minute) return t('tokenRegistries.expiry.justNow')
  return t('tokenRegistries.expiry.ago', { duration: durationText(t, -left) })
}

/** The first moment after `now` at which the countdown to `time` reads differently. */
export function nextChange(time: Date, now: Date): Date {
  const left = time.getTime() - now.getTime()
  const unit = unitOf(Math.abs(left))
  if (left > 0) {
    // The last words stand until the time itself; others until less than their count is left.
    return unit === undefined ? new Date(time) : new Date(time.getTime() - Math.floor(left / unit) * unit + 1)
  }
  const step = unit ?? minute
  return new Date(time.getTime() + (Math.floor(-left / step) + 1) * step)
}

/** The time of an RFC 3339 text, or undefined when there is none or it is none. */
export function parseTime(text: string | undefined | null): Date | undefined {
  if (!text) return undefined
  const time = new Date(text)
  return Number.isNaN(time.getTime()) ? undefined : time
}
