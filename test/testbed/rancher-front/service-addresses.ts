// Stands in for cluster DNS: the address of a Service, and a refusal of everything that is not on this machine.
import type { RancherOptions } from './options.ts'

type Services = NonNullable<RancherOptions['services']>

/** Finds the address behind a URL. */
export type Resolve = (url: string) => string

/**
 * Makes the look-up. `name.namespace`, `….svc` and `….svc.cluster.local` are one Service.
 * @returns a function that @throws Error for what is neither a known Service nor on loopback
 */
export function resolver(services: Services = {}): Resolve {
  return (text) => {
    const url = new URL(text)
    const known = services instanceof Map ? services : Object.entries(services)
    for (const [service, address] of known) {
      if (canonical(new URL(service)) !== canonical(url)) continue
      return new URL(url.pathname + url.search, address).href
    }
    if (isLoopback(url)) return url.href
    throw new Error(`${url.origin} is neither a Service that the option "services" names nor on loopback`)
  }
}

function canonical({ protocol, hostname, port }: URL): string {
  return `${protocol}//${hostname.replace(/\.svc(\.cluster\.local)?$/, '')}:${port}`
}

function isLoopback({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && (hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname))
}
