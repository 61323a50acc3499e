import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { packagesOfPage } from './page-packages.ts'

describe('packagesOfPage', () => {
  let work: string
  before(async () => {
    work = await mkdtemp(join(tmpdir(), 'page-packages-'))
  })
  after(() => rm(work, { recursive: true, force: true }))

  async function folderWith(maps: Record<string, unknown>): Promise<string> {
    const folder = await mkdtemp(join(work, 'built-'))
    for (const [name, map] of Object.entries(maps)) await writeFile(join(folder, name), JSON.stringify(map))
    return folder
  }

  it('finds each package once, the nested one by its own folder', async () => {
    const entry = [
      'webpack://page-1.0.0/./index.ts',
      'webpack://page-1.0.0/webpack/bootstrap',
      'webpack://page-1.0.0/../node_modules/@rancher/shell/models/secret.js',
      'webpack://page-1.0.0/../node_modules/lodash/throttle.js',
      'webpack://page-1.0.0/javascript/node_modules/diff2html/node_modules/highlight.js/lib/core.js',
      'webpack://page-1.0.0/../node_modules/vuex/node_modules/@vue/devtools-api/lib/esm/env.js',
      'webpack://page-1.0.0/./node_modules/@rancher/auto-import',
    ]
    const chunk = ['webpack://page-1.0.0/../node_modules/lodash/debounce.js']
    const folder = await folderWith({
      'page.js.map': { sources: entry },
      'page.1.js.map': { sources: chunk },
    })
    assert.deepEqual(await packagesOfPage(folder), [
      'node_modules/@rancher/shell',
      'node_modules/diff2html/node_modules/highlight.js',
      'node_modules/lodash',
      'node_modules/vuex/node_modules/@vue/devtools-api',
    ])
  })

  it('fails rather than to name too few', async () => {
    await assert.rejects(packagesOfPage(await folderWith({})), /has no source maps/)
    await assert.rejects(
      packagesOfPage(await folderWith({ 'a.js.map': { sources: [] } })),
      /names no sources/,
    )
  })
})
