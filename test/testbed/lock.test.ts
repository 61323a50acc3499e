import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { makeDataFolder, type DataFolder } from './data-folder.ts'
import { withLock } from './lock.ts'

let data: DataFolder

before(async () => {
  data = await makeDataFolder()
})
after(() => data.remove())

it('lets one in at a time', async () => {
  const file = join(data.path, 'one')
  let inside = 0
  const work = async (): Promise<void> => {
    inside++
    await new Promise(setImmediate)
    assert.equal(inside, 1)
    inside--
  }
  await Promise.all([withLock(file, work), withLock(file, work), withLock(file, work)])
})

it('takes over the lock of a process that died', async () => {
  const file = join(data.path, 'dead')
  await writeFile(file, String(spawnSync(process.execPath, ['--version']).pid))
  assert.equal(await withLock(file, () => Promise.resolve('done')), 'done')
})

it('is released when the work fails', async () => {
  const file = join(data.path, 'failed')
  await assert.rejects(
    withLock(file, () => Promise.reject(new Error('broken'))),
    /broken/,
  )
  assert.equal(await withLock(file, () => Promise.resolve('done')), 'done')
})
