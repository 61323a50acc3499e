import { mount } from '@vue/test-utils'
import { defineComponent, h } from 'vue'
import * as expiry from './expiry'
import { useNow } from './now'
import { translate } from '../test/translate'

const start = new Date('2026-03-01T12:00:00Z')

const Countdown = defineComponent({
  props: { time: { type: Date, required: true } },
  setup(props) {
    const now = useNow(() => [props.time])
    return { now }
  },
  render() {
    return h('span', expiry.countdownText(translate, this.time, this.now))
  },
})

function after(minutes: number): Date {
  return new Date(start.getTime() + minutes * 60_000)
}

describe('the clock of a page', () => {
  beforeEach(() => jest.useFakeTimers({ now: start }))
  afterEach(() => jest.useRealTimers())

  it('is one timer for all rows, and fires when the first of them reads differently', async () => {
    const rows = [10, 90, 600].map((minutes) => mount(Countdown, { props: { time: after(minutes) } }))
    expect(jest.getTimerCount()).toBe(1)
    await jest.advanceTimersByTimeAsync(0)
    expect(rows.map((row) => row.text())).toEqual(['in 10 min', 'in 1 h', 'in 10 h'])
    await jest.advanceTimersByTimeAsync(1)
    expect(rows.map((row) => row.text())).toEqual(['in 9 min', 'in 1 h', 'in 9 h'])
    await jest.advanceTimersByTimeAsync(11 * 60_000)
    expect(rows.map((row) => row.text())).toEqual(['1 min ago', 'in 1 h', 'in 9 h'])
    rows.forEach((row) => row.unmount())
    expect(jest.getTimerCount()).toBe(0)
  })

  it('renders no row that reads the same', async () => {
    const render = jest.spyOn(expiry, 'countdownText')
    const rows = [10, 600].map((minutes) => mount(Countdown, { props: { time: after(minutes) } }))
    render.mockClear()
    await jest.advanceTimersByTimeAsync(2 * 60_000)
    const said = render.mock.calls.map(([, time]) => time)
    // The far one once, when it falls below its 10 hours.
    expect(said.filter((time) => time.getTime() === after(600).getTime())).toHaveLength(1)
    expect(said.filter((time) => time.getTime() === after(10).getTime())).toHaveLength(2)
    rows.forEach((row) => row.unmount())
    render.mockRestore()
  })

  it('does not wake up for a row that reads the same for an hour', () => {
    const row = mount(Countdown, { props: { time: after(119) } })
    const ticks = jest.spyOn(global, 'clearTimeout')
    jest.advanceTimersByTime(59 * 60_000)
    expect(ticks).not.toHaveBeenCalled()
    row.unmount()
  })

  it('follows a time that changes', async () => {
    const row = mount(Countdown, { props: { time: after(10) } })
    await row.setProps({ time: after(720) })
    expect(row.text()).toBe('in 12 h')
    row.unmount()
  })

  it('is right at once when the page is looked at again after the machine slept', async () => {
    const row = mount(Countdown, { props: { time: after(10) } })
    jest.setSystemTime(after(8))
    document.dispatchEvent(new Event('visibilitychange'))
    await row.vm.$nextTick()
    expect(row.text()).toBe('in 2 min')
    row.unmount()
  })
})
