// What pages said that should have been silent.
import type { BrowserContext, ConsoleMessage, WebError } from 'playwright-core'

/** The Dashboard's own noise, with or without our extension. Anything that names it is ours all the same. */
const knownNoise = [
  // It looks whether Rancher Monitoring is installed.
  /404 \(Not Found\).* \S*\/catalog\.cattle\.io\.apps\/cattle-monitoring-system\/rancher-monitoring/,
  // Its call to Rancher's public update service, which nothing outside of this machine answers.
  /Error occurred reading dynamic content/,
  /https:\/\/updates\.rancher\.io\//,
  // The cluster's start page asks for Secrets also on behalf of people who may not read any.
  /Error in fetch\(\): Error: Unknown schema for type: secret/,
  // Its composable useIsNewDetailPageEnabled, when the query of an address changes; on the Secrets pages too.
  /Cannot read properties of undefined \(reading 'getters'\)[^]*\/dashboard\/js\//,
]
/** Of every type, also ours. */
const noiseOfAnyType = [
  // A list is asked for in a revision that Steve's cache has not reached yet; the Dashboard asks again.
  /400 \(Bad Request\).*[?&]revision=\d+/,
]
const ours = /token-?registr/i

/** Errors of the pages of a browser context: console errors, and exceptions that nobody caught. */
export class PageErrors {
  readonly #errors: string[] = []

  constructor(context: BrowserContext) {
    context.on('console', (message) => this.#addMessage(message))
    context.on('weberror', (error) => this.#addException(error))
  }

  /** Those that are not the Dashboard's own known noise. */
  get unexpected(): string[] {
    return this.#errors.filter((text) => {
      const isNoise = (noise: RegExp): boolean => noise.test(text)
      if (noiseOfAnyType.some(isNoise)) return false
      return ours.test(text) || !knownNoise.some(isNoise)
    })
  }

  /** For tests that provoke an error on purpose: forgets those that match. */
  forget(expected: RegExp): void {
    const kept = this.#errors.filter((text) => !expected.test(text))
    this.#errors.splice(0, this.#errors.length, ...kept)
  }

  #addMessage(message: ConsoleMessage): void {
    if (message.type() !== 'error') return
    // The browser's own complaint about an answer names its address only as the place of the message.
    this.#errors.push(`${message.text()} ${message.location().url}`)
  }

  #addException(error: WebError): void {
    const thrown = error.error()
    this.#errors.push(`uncaught: ${thrown.stack ?? thrown.message}`)
  }
}
