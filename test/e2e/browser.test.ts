// The tests' own instruments: what they count must be counted.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { violations } from './axe.ts'
import { TestBrowser, type Visit } from './browser.ts'

const password = 'of-a-test'
/** As much of Rancher as a login, with a page that does what it should not. */
const server = createServer((request, response) => {
  if (request.url === '/v1-public/login') {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => response.writeHead(body.includes(password) ? 200 : 401).end())
  } else response.writeHead(200, { 'content-type': 'text/html' }).end('<main><h1>page</h1></main>')
})

describe('the browser of the tests', () => {
  let browser: TestBrowser
  before(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    browser = await TestBrowser.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  })
  after(async () => {
    await browser.close()
    server.close()
    server.closeAllConnections()
  })

  async function visited(act: (visit: Visit) => Promise<void>): Promise<void> {
    const visit = await browser.visit({ name: 'somebody', password, theme: 'dark' })
    await visit.open('').then(() => act(visit))
    await visit.close()
  }

  it('refuses and counts what leaves this machine', () =>
    visited(async ({ page }) => {
      const ask = (url: string): Promise<string> => {
        return page.evaluate((address) => {
          return fetch(address, { mode: 'no-cors' }).then(
            ({ status }) => `answered ${status}`,
            () => 'refused',
          )
        }, url)
      }
      assert.equal(await ask('https://outside.example/x'), 'refused')
      await ask('http://192.0.2.1/y')
      assert.deepEqual(browser.outside.unexpected.sort(), ['http://192.0.2.1/y', 'outside.example:443'])
    }))

  it('collects errors, and keeps the noise of the Dashboard apart', () =>
    visited(async ({ page, errors }) => {
      await page.evaluate(() => {
        console.error('Error occurred reading dynamic content')
        console.error('Error occurred reading dynamic content of token-registries')
        console.warn('only a warning')
        setTimeout(() => {
          throw new Error('nobody catches me')
        })
      })
      await page.context().waitForEvent('weberror')
      const found = errors.unexpected.join('\n')
      assert.match(found, /content of token-registries/)
      assert.match(found, /nobody catches me/)
      assert.equal(errors.unexpected.length, 2, found)
      errors.forget(/nobody/)
      assert.equal(errors.unexpected.length, 1)
    }))

  it('sees what people without eyes would miss', () =>
    visited(async ({ page }) => {
      await page.setContent('<main><div id="ours"><img src="data:,"></div><img src="data:,"></main>')
      assert.match((await violations(page, '#ours')).join(), /^image-alt: [^,]*img/)
      assert.equal((await violations(page, '#ours')).length, 1)
    }))

  it('shows the theme that was asked for', () =>
    visited(async ({ page }) => {
      assert.equal(await page.evaluate('matchMedia("(prefers-color-scheme: dark)").matches'), true)
    }))

  it('says when somebody cannot log in', async () => {
    await assert.rejects(
      browser.visit({ name: 'somebody', password: 'wrong' }),
      /somebody cannot log in: 401/,
    )
  })
})
