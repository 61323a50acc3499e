import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { describeSize, tooLarge, weigh } from './size.ts'

/** A bundle with scripts of so many bytes, which do not compress. */
async function bundle(t: TestContext, sizes: Record<string, number>) {
  const folder = await mkdtemp(join(tmpdir(), 'size-'))
  t.after(() => rm(folder, { recursive: true }))
  for (const [name, bytes] of Object.entries(sizes)) await writeFile(join(folder, name), randomBytes(bytes))
  return { folder, entry: join(folder, 'x-1.0.0.umd.min.js') }
}

describe('the size of the bundle', () => {
  it('counts scripts as they are sent, and nothing else', async (t) => {
    const size = await weigh(
      await bundle(t, { 'x-1.0.0.umd.min.js': 1000, 'x-1.0.0.umd.min.1.js': 2000, 'package.json': 5000 }),
    )
    assert.deepEqual(
      size.scripts.map(({ plain }) => plain),
      [2000, 1000],
    )
    assert.ok(size.entry.zipped > 1000 && size.total > 3000 && size.total < 3200, JSON.stringify(size))
    assert.deepEqual(tooLarge(size), [])
    assert.equal(describeSize(size).length, 3)
  })

  it('says what is too large', async (t) => {
    const large = await weigh(
      await bundle(t, { 'x-1.0.0.umd.min.js': 301_000, 'x-1.0.0.umd.min.1.js': 460_000 }),
    )
    assert.match(tooLarge(large).join(), /entry file has 301 kB, 300 kB are allowed.*all scripts have 761 kB/)
    const chunks = await weigh(
      await bundle(t, { 'x-1.0.0.umd.min.js': 1000, 'x-1.0.0.umd.min.1.js': 760_000 }),
    )
    assert.match(tooLarge(chunks).join(), /^all scripts/)
  })

  it('refuses a bundle without its entry', async (t) => {
    await assert.rejects(weigh(await bundle(t, { 'x-1.0.0.umd.min.1.js': 10 })), /no entry file/)
  })
})
