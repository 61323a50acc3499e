import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { LineSplitter } from './lines.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

suite('LineSplitter', () => {
  test('cuts a chunk into lines and keeps the rest', () => {
    const splitter = new LineSplitter()
    assert.deepEqual(splitter.push(bytes('a\nb\nc')), ['a', 'b'])
    assert.deepEqual(splitter.push(bytes('d\n')), ['cd'])
    assert.equal(splitter.rest(), '')
  })

  test('leaves out empty lines', () => {
    assert.deepEqual(new LineSplitter().push(bytes('\na\n\r\n\nb\n')), ['a', 'b'])
  })

  test('tells what came after the last newline', () => {
    const splitter = new LineSplitter()
    splitter.push(bytes('{"type":"ADD'))
    assert.equal(splitter.rest(), '{"type":"ADD')
  })

  test('does not keep a chunk that the caller writes into again', () => {
    const splitter = new LineSplitter()
    const chunk = bytes('a\n')
    const [line] = splitter.push(chunk)
    chunk.fill(0)
    assert.equal(line, 'a')
  })

  test('gives the same lines however the bytes are cut, also within characters', () => {
    const line = fc
      .string({ unit: 'grapheme' })
      .filter((text) => text.trim() === text && !text.includes('\n'))
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat({ max: 8 })), (lines, sizes) => {
        const all = bytes(lines.map((text) => `${text}\n`).join(''))
        const splitter = new LineSplitter()
        const found: string[] = []
        let start = 0
        for (const size of [...sizes, all.length]) {
          found.push(...splitter.push(all.slice(start, start + size)))
          start += size
        }
        assert.deepEqual(
          found,
          lines.filter((text) => text !== ''),
        )
      }),
    )
  })

  test('joins a line of many chunks', () => {
    const splitter = new LineSplitter()
    const part = bytes('€'.repeat(1000))
    for (let index = 0; index < 2000; index += 1) assert.deepEqual(splitter.push(part), [])
    const [line] = splitter.push(bytes('\n'))
    assert.equal(line?.length, 2_000_000)
  })
})
