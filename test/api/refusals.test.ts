// The refusals that the page's tests read (pkg/token-registries/test/refusals.json) are those of the real servers.
// After a wanted change: UPDATE_REFUSALS=1 npm test -- --only api refusals
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { installChart } from '../chart/install.ts'
import { startControlPlane, type ControlPlane } from '../testbed/control-plane.ts'
import { startSteve, type Steve } from '../testbed/steve.ts'
import { collectRefusals, prepareRefusals } from './refusals.ts'

const file = new URL('../../pkg/token-registries/test/refusals.json', import.meta.url)

/** Several errors of one answer come in any order. */
function inOrder(value: unknown): unknown {
  const text = JSON.stringify(value, (key, inner: unknown) => {
    if (key === 'message' && typeof inner === 'string') return inner.split(/\[|\]$|, /).sort()
    return Array.isArray(inner) && key === 'causes'
      ? inner.map((cause) => JSON.stringify(cause)).sort()
      : inner
  })
  return JSON.parse(text)
}

describe('refusals', { timeout: 300_000 }, () => {
  let plane: ControlPlane
  let steve: Steve

  before(async () => {
    plane = await startControlPlane()
    await installChart(plane)
    await prepareRefusals(plane)
    steve = await startSteve(plane)
  })
  after(async () => {
    await steve?.stop()
    await plane?.stop()
  })

  it('are as the page knows them', async () => {
    const refusals = await collectRefusals(plane, steve)
    if (process.env['UPDATE_REFUSALS']) writeFileSync(file, `${JSON.stringify(refusals, null, 2)}\n`)
    assert.deepEqual(inOrder(refusals), inOrder(JSON.parse(readFileSync(file, 'utf8'))))
  })
})
