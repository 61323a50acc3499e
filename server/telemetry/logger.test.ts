import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLogger, serializeError, type LogLevel } from './logger.ts'
import { createRedactor } from './redact.ts'

const canary = 'canary-5f2c-value'

function capture(level: LogLevel = 'info') {
  const lines: string[] = []
  const redactor = createRedactor()
  redactor.registerSecret(canary)
  const logger = createLogger({ level, redactor, destination: { write: (line) => lines.push(line) } })
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? '') as Record<string, unknown> }
}

describe('createLogger', () => {
  it('writes one JSON line with ISO time, level name and logger name', () => {
    const { logger, lines, last } = capture()
    logger.info({ namespace: 'shop' }, 'secret written')
    const record = last()
    assert.equal(lines.length, 1)
    assert.equal(record['level'], 'info')
    assert.equal(record['name'], 'token-registries')
    assert.equal(record['namespace'], 'shop')
    assert.equal(record['msg'], 'secret written')
    assert.match(String(record['time']), /^\d{4}-\d\d-\d\dT.*Z$/)
  })

  it('is silent below its level', () => {
    const { logger, lines } = capture('warn')
    logger.info({}, 'no')
    assert.deepEqual(lines, [])
  })

  it('lets no registered value through, whatever way it came', () => {
    const { logger, lines } = capture('trace')
    const error = Object.assign(new Error(`upstream said ${canary}`, { cause: new Error(canary) }), {
      code: 'AccessDenied',
      body: canary,
      headers: { authorization: canary },
    })
    logger.error({ err: error }, `failed with ${canary}`)
    logger.warn({ reason: error, deep: { list: [canary, { [canary]: 1 }] } }, 'twice')
    logger.child({ bound: canary }).debug({ Authorization: 'anything' }, 'bound')
    logger.info(new Error(canary), 'error as fields')
    assert.equal(lines.length, 4)
    for (const line of lines) assert.ok(!line.includes(canary), line)
    assert.ok(!lines.join('').includes('"body"'))
    assert.ok(!lines.join('').includes('anything'))
  })

  it('serialises an error in any field with code, stack and cause', () => {
    const { logger, last } = capture()
    const error = Object.assign(new Error('outer', { cause: new TypeError('inner') }), { code: 'E1' })
    for (const field of ['err', 'reason']) {
      logger.error({ [field]: error }, 'x')
      const written = last()[field] as ReturnType<typeof serializeError>
      assert.equal(written.name, 'Error')
      assert.equal(written.code, 'E1')
      assert.equal(written.message, 'outer')
      assert.match(String(written.stack), /logger\.test/)
      assert.equal(written.cause?.name, 'TypeError')
    }
  })
})

describe('serializeError', () => {
  it('copes with anything thrown, deep chains and aggregates', () => {
    assert.deepEqual(serializeError('text'), { name: 'NonError', message: 'text' })
    assert.deepEqual(serializeError(undefined), { name: 'NonError', message: 'a thrown undefined' })
    const loop = new Error('loop')
    loop.cause = loop
    assert.equal(serializeError(loop).cause?.cause?.cause?.cause?.cause, undefined)
    const many = new AggregateError([new Error('a'), 'b'], 'all failed')
    assert.deepEqual(
      serializeError(many).errors?.map((inner) => inner.message),
      ['a', 'b'],
    )
  })
})
