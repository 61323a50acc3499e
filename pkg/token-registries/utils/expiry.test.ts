import { countdownText, durationText, nextChange, parseTime } from './expiry'
import { translate } from '../test/translate'

const now = new Date('2026-03-01T12:00:00Z')
const s = 1000
const min = 60 * s
const h = 60 * min
const d = 24 * h
const after = (ms: number): Date => new Date(now.getTime() + ms)

describe('countdowns', () => {
  it.each([
    [12 * h, 'in 12 h'],
    [8 * h - 1, 'in 7 h'],
    [h, 'in 1 h'],
    [h - 1, 'in 59 min'],
    [40 * min, 'in 40 min'],
    [min, 'in 1 min'],
    [min - 1, 'in under 1 min'],
    [1, 'in under 1 min'],
    [0, 'just now'],
    [-min + 1, 'just now'],
    [-min, '1 min ago'],
    [-5 * min - 59 * s, '5 min ago'],
    [-h, '1 h ago'],
    [48 * h, 'in 2 d'],
    [48 * h - 1, 'in 47 h'],
    [-48 * h, '2 d ago'],
    [30 * d, 'in 30 d'],
  ])('%d ms away reads "%s"', (left, words) => {
    expect(countdownText(translate, after(left), now)).toBe(words)
  })

  it('promise no more than is left', () => {
    expect(durationText(translate, 2 * h - 1)).toBe('1 h')
  })

  it.each([
    12 * h,
    8 * h - 1,
    h,
    h - 1,
    min,
    min - 1,
    1,
    0,
    -1,
    -min + 1,
    -min,
    -h + 1,
    -h,
    48 * h,
    49 * h,
    -48 * h,
    -47 * h,
  ])('of %d ms read the same until the next change, and differently at it', (left) => {
    const time = after(left)
    const words = countdownText(translate, time, now)
    const change = nextChange(time, now)
    expect(change.getTime()).toBeGreaterThan(now.getTime())
    expect(countdownText(translate, time, new Date(change.getTime() - 1))).toBe(words)
    expect(countdownText(translate, time, change)).not.toBe(words)
  })

  it('have no time where there is none', () => {
    expect(parseTime(undefined)).toBeUndefined()
    expect(parseTime('')).toBeUndefined()
    expect(parseTime('soon')).toBeUndefined()
    expect(parseTime('2026-03-01T12:00:00Z')).toEqual(now)
  })
})
