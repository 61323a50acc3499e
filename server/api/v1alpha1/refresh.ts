import * as z from 'zod'
import { field, named } from '../schema/field.ts'
import { duration, parseDuration } from '../schema/formats.ts'
import { withRules } from '../schema/rule.ts'

const minimumMs = 5 * 60_000
const maximumMs = 720 * 3_600_000

const interval = withRules(duration, {
  id: 'refresh-interval-range',
  cel: "duration(self) >= duration('5m') && duration(self) <= duration('720h')",
  message: 'interval must be from 5m to 720h',
  check: (value) => {
    const length = parseDuration(value)
    // Not a duration at all: the pattern has said so.
    return Number.isNaN(length) || (length >= minimumMs && length <= maximumMs)
  },
})

/** spec.refresh: when to ask again where upstream does not say how long its answer lives. */
export const refreshSchema = named(
  'Refresh',
  z.strictObject({
    interval: field(interval.optional(), {
      label: 'Refresh every',
      help: 'How often to ask for a new credential, in hours and minutes (12h, 30m, 1h30m; from 5m to 720h). Only used where the credential states no expiry; otherwise it is refreshed after two thirds of its life.',
      example: '12h',
      order: 1,
    }),
  }),
)
