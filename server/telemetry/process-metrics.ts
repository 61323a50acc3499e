import { Counter, Gauge, type Registry } from 'prom-client'
import { metricEntry, type MetricName } from './metric-table.ts'

/**
 * The conventional process series, read at scrape time. prom-client's own set keeps a 10 ms timer running for the event
 * loop's delay, which is most of what an idle server would cost.
 */
export function addProcessMetrics(registers: Registry[]): void {
  const startedAt = Date.now() / 1000 - process.uptime()
  gauge('process_start_time_seconds', () => startedAt)
  gauge('process_resident_memory_bytes', () => process.memoryUsage.rss())
  gauge('nodejs_heap_size_used_bytes', () => process.memoryUsage().heapUsed)
  new Counter({
    name: 'process_cpu_seconds_total',
    help: metricEntry('process_cpu_seconds_total').help,
    registers,
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1e6)
    },
  })

  function gauge(name: MetricName, read: () => number): void {
    new Gauge({
      name,
      help: metricEntry(name).help,
      registers,
      collect() {
        this.set(read())
      },
    })
  }
}
