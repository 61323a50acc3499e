import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { cached, cacheFolder, contentHash } from './cached.ts'

let home: string
const before = process.env['XDG_CACHE_HOME']
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'cached-'))
  process.env['XDG_CACHE_HOME'] = home
})
afterEach(async () => {
  if (before === undefined) delete process.env['XDG_CACHE_HOME']
  else process.env['XDG_CACHE_HOME'] = before
  await rm(home, { recursive: true })
})

const hashes = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(16))
const [first = '', second = '', third = '', fourth = ''] = hashes

/** A build that counts its runs. */
function counting(fail = false) {
  const runs: string[] = []
  const build = async (folder: string): Promise<void> => {
    runs.push(folder)
    await writeFile(join(folder, 'result'), 'made')
    if (fail) throw new Error('no luck')
  }
  return { runs, build }
}

describe('cached', () => {
  it('builds once, also for two at the same time', async () => {
    const { runs, build } = counting()
    const ask = (): Promise<string> => cached({ kind: 'k', hash: first, build })
    const [one, two] = await Promise.all([ask(), ask()])
    assert.equal(one, two)
    assert.equal(await ask(), join(cacheFolder('k'), first))
    assert.equal(await readFile(join(one, 'result'), 'utf8'), 'made')
    assert.equal(runs.length, 1)
  })

  it('leaves nothing of a build that failed, and builds again', async () => {
    const bad = counting(true)
    await assert.rejects(cached({ kind: 'k', hash: first, build: bad.build }), /no luck/)
    assert.deepEqual(await readdir(cacheFolder('k')), [])
    await cached({ kind: 'k', hash: first, build: counting().build })
    assert.deepEqual(await readdir(cacheFolder('k')), [first])
  })

  it('keeps the two used last and what was used within the hour', async () => {
    const { build } = counting()
    for (const [hash, minutes] of [
      [first, 180],
      [second, 120],
      [third, 30],
    ] as const) {
      const folder = await cached({ kind: 'k', hash, build })
      const usedAt = new Date(Date.now() - minutes * 60_000)
      await utimes(folder, usedAt, usedAt)
    }
    await cached({ kind: 'k', hash: fourth, build })
    assert.deepEqual((await readdir(cacheFolder('k'))).sort(), [third, fourth])
  })

  it('removes what a killed build left a day ago, not what is being built', async () => {
    const { build } = counting()
    const [left, running] = [
      join(cacheFolder('k'), `${first}.Aa0Bb1`),
      join(cacheFolder('k'), `${first}.Cc2Dd3`),
    ]
    for (const folder of [left, running]) await mkdir(folder, { recursive: true })
    const long = new Date(Date.now() - 25 * 60 * 60_000)
    await utimes(left, long, long)
    await cached({ kind: 'k', hash: second, build })
    assert.equal(existsSync(left), false)
    assert.equal(existsSync(running), true)
  })
})

describe('contentHash', () => {
  /** A tree of a folder with two files, and a file beside it. */
  async function tree(texts: Record<string, string>): Promise<string> {
    const root = await mkdtemp(join(home, 'tree-'))
    await mkdir(join(root, 'src/deep'), { recursive: true })
    const all = { 'src/a.ts': 'a', 'src/deep/b.ts': 'b', 'c.json': '{}', ...texts }
    for (const [path, text] of Object.entries(all)) await writeFile(join(root, path), text)
    return root
  }
  const hashOf = async (texts: Record<string, string> = {}, values: unknown[] = []): Promise<string> => {
    return contentHash(values, await tree(texts), ['src', 'c.json'], (path) => !path.endsWith('.test.ts'))
  }

  it('is the same for the same content anywhere, and for files that do not count', async () => {
    const hash = await hashOf()
    assert.match(hash, /^[0-9a-f]{16}$/)
    assert.equal(await hashOf(), hash)
    assert.equal(await hashOf({ 'src/a.test.ts': 'x', 'other.ts': 'y' }), hash)
  })

  it('changes with a value, a text, a name', async () => {
    const all = await Promise.all([
      hashOf(),
      hashOf({}, ['1.0']),
      hashOf({ 'src/deep/b.ts': 'changed' }),
      hashOf({ 'c.json': '{ }' }),
      hashOf({ 'src/new.ts': '' }),
      hashOf({ 'src/deep/new.ts': '' }),
    ])
    assert.equal(new Set(all).size, all.length)
  })
})
