// The two ways in which the member sets up her registry: the page's form, and kubectl.
import { relative } from 'node:path'
import type { TestBrowser } from '../../test/e2e/browser.ts'
import { root } from '../build/vue-cli.ts'
import { name, sampleFile, type SetUp } from './acts.ts'
import { member, namespaces } from './scene.ts'
import { image, type Play } from './setting.ts'
import { check, ProofFailed, type Story } from './story.ts'

const list = 'c/local/token-registries/tokenregistries.io.tokenregistry'

/** `kubectl apply` of the sample. */
export function byKubectl({ outside: { plane } }: Play): SetUp {
  return async () => {
    const output = await plane.kubectl(['apply', '-f', sampleFile], { token: member })
    check(output.includes(`tokenregistry.tokenregistries.io/${name} created`), `kubectl said: ${output}`)
    return [
      `${member} ran: kubectl apply -f ${relative(root, sampleFile)}`,
      ...output.trim().split('\n'),
      '(her access key, and a TokenRegistry that names it; the page can do the same)',
    ]
  }
}

/** The page's form in a real browser, filled in as a person would. */
export function byForm(browser: TestBrowser, { front: { rancher } }: Play): SetUp {
  return async ({ accessKeyId, secretAccessKey }) => {
    const { password } = rancher.users.get(member)!
    const visit = await browser.visit({ name: member, password })
    const { page } = visit
    try {
      await visit.open(list)
      await page.getByTestId('token-registries-list-create').click()
      await page.getByText('Amazon ECR', { exact: true }).first().click()
      await page.getByTestId('name-ns-description-name').locator('input').fill(name)
      await page.getByTestId('form-paste-open').click()
      await page.getByTestId('form-paste').fill(image)
      await page.getByTestId('form-paste').press('Enter')
      await page.getByTestId('form-key-accessKeyId').fill(accessKeyId)
      await page.getByTestId('form-key-secretAccessKey').fill(secretAccessKey)
      await page.getByTestId('form-save').click()
      await page.getByTestId('form-save').waitFor({ state: 'detached' })
      await page.getByRole('link', { name, exact: true }).click()
      await page.getByTestId('registry-headline').waitFor()
    } catch (error) {
      const evidence = await visit.keepEvidence('demo-form')
      throw new ProofFailed(`the form could not be filled in (see ${evidence}): ${String(error)}`)
    }
    check(visit.errors.unexpected.length === 0, `the page complained: ${visit.errors.unexpected.join('\n')}`)
    await visit.close()
    return [
      `Registry created through the browser form as project member ${member} (Chromium ${browser.version}): card Amazon ECR,`,
      `name ${name}, namespace ${namespaces[0]}; account and region from a pasted image name; her access key.`,
      'Save made the Secret with the key, and the TokenRegistry that names it.',
    ]
  }
}

/** What the browser asked for outside of this machine: nothing of it got there. */
export async function countRequests(story: Story, { outside }: TestBrowser): Promise<void> {
  await story.step('counting what the browser asked for', () => {
    const { attempts, unexpected } = outside
    check(unexpected.length === 0, `the page asked for ${unexpected.join(', ')}, outside of this machine`)
    return Promise.resolve([
      `Requests of the browser outside of this machine: ${attempts.length} tried and refused, none by the extension`,
      "(the Dashboard itself asks Rancher's public service for news after a login).",
    ])
  })
}
