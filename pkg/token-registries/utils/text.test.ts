import { asSentence } from './text'

describe('a message of the server after a sentence', () => {
  it.each([
    ['the Secret shop/keys is not there', 'The Secret shop/keys is not there'],
    ['Secret shop/keys is not there', 'Secret shop/keys is not there'],
    ['spec.provider.ecr.region is wrong', 'spec.provider.ecr.region is wrong'],
    ['shop-ecr is held by another registry', 'shop-ecr is held by another registry'],
    ['shop/keys: not there', 'shop/keys: not there'],
    ['', ''],
  ])('%j begins as %j', (message, shown) => {
    expect(asSentence(message)).toBe(shown)
  })
})
