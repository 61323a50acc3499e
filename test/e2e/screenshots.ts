// `npm run screenshots`: the pictures of docs/images, of every page in both themes, from the real Dashboard.
import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { root } from '../../scripts/build/vue-cli.ts'
import { TestBrowser } from './browser.ts'
import { takeShots, type CameraOptions } from './screenshots/camera.ts'
import { emptyShots, shots } from './screenshots/shots.ts'
import { startPageStage, type PageStage } from './stage.ts'
import { beginOutage, seeded, seedRegistries } from './stage/seeds.ts'

const folder = join(root, 'docs/images')
const withProduct = 'local'
const wanted = process.argv.slice(2)
/** Of the shots those that the arguments name; all without arguments. */
const chosen = <Each extends { name: string }>(all: readonly Each[]): Each[] =>
  all.filter(({ name }) => wanted.length === 0 || wanted.includes(name))

let stage: PageStage | undefined
let browser: TestBrowser | undefined
try {
  console.log('… starting, in about a minute once everything is built')
  stage = await startPageStage({
    seed: false,
    without: ['c-m-7xk2p9qd'],
    progress: (line) => console.log(`… ${line}`),
  })
  browser = await TestBrowser.open(stage.rancher.url)
  const { plane } = stage.cluster(withProduct)
  const options: CameraOptions = {
    browser,
    folder,
    // As somebody with kubectl would: the page names the program.
    changeHosts: async (hosts) => {
      const [namespace = '', name = ''] = seeded.static.split('/')
      const patch = JSON.stringify({ spec: { provider: { static: { hosts } } } })
      await plane.kubectl([
        'patch',
        'tokenregistry',
        name,
        '-n',
        namespace,
        '--type',
        'merge',
        '--patch',
        patch,
      ])
    },
    taken: (file) => console.log(relative(root, file)),
  }
  await takeShots(chosen(emptyShots), options)
  await seedRegistries(plane, withProduct, stage)
  await beginOutage([plane], stage)
  await takeShots(chosen(shots), options)
  console.log(`${await megabytesOf(folder)} MB in ${relative(root, folder)}`)
} finally {
  await browser?.close()
  await stage?.stop()
}

async function megabytesOf(path: string): Promise<string> {
  const files = await readdir(path)
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(path, file))).size))
  return (sizes.reduce((sum, size) => sum + size, 0) / 1e6).toFixed(1)
}
