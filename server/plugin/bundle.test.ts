import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { writeBundle, type BundleOptions } from '../../test/fakes/plugin/bundle.ts'
import { BundleError, readBundle } from './bundle.ts'

describe('readBundle', () => {
  let work: string
  before(async () => {
    work = await mkdtemp(join(tmpdir(), 'bundle-'))
  })
  after(() => rm(work, { recursive: true, force: true }))

  async function write(options: BundleOptions): Promise<string> {
    const tree = await mkdtemp(join(work, 'tree-'))
    await writeBundle(tree, options)
    return tree
  }

  it('knows every file by the path that Rancher asks for', async () => {
    const { name, version, files } = await readBundle(await write({}))
    assert.deepEqual([name, version], ['sample', '1.2.3'])
    assert.deepEqual(
      [...files.keys()],
      [
        'sample-1.2.3.tgz',
        'sample-1.2.3/files.txt',
        'sample-1.2.3/plugin/img/mark.1a2b3c4d.svg',
        'sample-1.2.3/plugin/package.json',
        'sample-1.2.3/plugin/sample-1.2.3.umd.min.1.js',
        'sample-1.2.3/plugin/sample-1.2.3.umd.min.js',
      ],
    )
  })

  it('tags a file by its content alone', async () => {
    const [one, same, other] = await Promise.all([
      write({}),
      write({}),
      write({ files: { 'sample-1.2.3/plugin/sample-1.2.3.umd.min.1.js': 'changed' } }),
    ])
    const tag = async (tree: string) =>
      (await readBundle(tree)).files.get('sample-1.2.3/plugin/sample-1.2.3.umd.min.1.js')!.etag
    assert.equal(await tag(one), await tag(same))
    assert.notEqual(await tag(one), await tag(other))
  })

  const refused: [title: string, options: BundleOptions, says: RegExp][] = [
    ['without an archive', { files: { 'sample-1.2.3.tgz': null } }, /<name>-<version>\.tgz is missing/],
    [
      'of two versions',
      { files: { 'sample-1.2.4.tgz': 'x' } },
      /more than one bundle: sample-1\.2\.3\.tgz, /,
    ],
    [
      'whose package.json is of another version',
      { files: { 'sample-1.2.3/plugin/package.json': '{"name":"sample","version":"1.2.4"}' } },
      /sample-1\.2\.3\.tgz holds sample 1\.2\.4: it must be called sample-1\.2\.4\.tgz/,
    ],
    [
      'whose package.json is none',
      { files: { 'sample-1.2.3/plugin/package.json': '{' } },
      /package\.json does not say name and version/,
    ],
    [
      'without its entry',
      { files: { 'sample-1.2.3/plugin/sample-1.2.3.umd.min.js': null } },
      /sample-1\.2\.3\/plugin\/sample-1\.2\.3\.umd\.min\.js is missing/,
    ],
    ['without files.txt', { files: { 'sample-1.2.3/files.txt': null } }, /files\.txt is missing/],
    [
      'without a file that files.txt lists',
      { files: { 'sample-1.2.3/plugin/img/mark.1a2b3c4d.svg': null } },
      /img\/mark\.1a2b3c4d\.svg is missing/,
    ],
    [
      'with a file that files.txt does not list',
      { files: { 'sample-1.2.3/plugin/sample.js.map': '{}' } },
      /files\.txt does not list sample-1\.2\.3\/plugin\/sample\.js\.map/,
    ],
    ...[
      '../outside',
      '/plugin/a.js',
      'plugin/../a.js',
      'plugin/.hidden',
      'plugin/a b.js',
      'plugin/%2e%2e/a',
    ].map((path): [string, BundleOptions, RegExp] => [
      `whose files.txt lists ${path}`,
      { files: { 'sample-1.2.3/files.txt': `${path}\n` } },
      /Rancher cannot fetch /,
    ]),
  ]
  for (const [title, options, says] of refused) {
    it(`refuses a bundle ${title}`, async () => {
      await assert.rejects(readBundle(await write(options)), (error) => {
        assert.ok(error instanceof BundleError)
        assert.match(error.message, says)
        return true
      })
    })
  }

  it('refuses a folder that is not there', async () => {
    await assert.rejects(readBundle(join(work, 'none')), /The folder .*none of the bundle cannot be read/)
  })
})
