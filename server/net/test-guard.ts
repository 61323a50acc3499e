// For tests: the guard of a policy that lists these addresses and nothing else.
import { AddressRanges } from './addresses.ts'
import { AddressGuard } from './guard.ts'

/** @param urls addresses of fakes, as a spec names them: `http://127.0.0.1:1234` */
export function guardThatLists(...urls: readonly string[]): AddressGuard {
  return new AddressGuard({
    allowedEndpoints: urls.map((text) => {
      const url = new URL(text)
      return `${url.hostname}:${url.port || (url.protocol === 'https:' ? 443 : 80)}`
    }),
    ranges: new AddressRanges(),
  })
}
