// An admission webhook of somebody else, as a real HTTPS server that the API server calls.
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { issueCertificate } from '../testbed/certificates.ts'
import type { Site } from './site.ts'

const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations'

export interface WebhookOptions {
  /** Labels of the namespaces whose requests it sees. */
  readonly namespaces: Readonly<Record<string, string>>
  /** What it sees there: resources by API group. */
  readonly rules: readonly { readonly group: string; readonly resources: readonly string[] }[]
}

interface Review {
  readonly request: { readonly uid: string }
}

/** Refuses whatever it is asked about, with failurePolicy Fail. */
export class RefusingWebhook {
  /** What it says. */
  static readonly message = 'the house rules forbid it'
  readonly #site: Site
  readonly #server: Server
  readonly #name: string
  #calls = 0

  private constructor(site: Site, server: Server, name: string) {
    this.#site = site
    this.#server = server
    this.#name = name
  }

  /** Listens and registers itself; the API server takes a moment to notice, so wait for calls. */
  static async start(site: Site, options: WebhookOptions): Promise<RefusingWebhook> {
    const files = await issueCertificate({ folder: join(site.cp.folder, 'webhook-pki'), name: 'webhook' })
    const [cert, key, ca] = await Promise.all(
      [files.certFile, files.keyFile, files.caFile].map((file) => readFile(file)),
    )
    const server = createServer({ cert: cert ?? '', key: key ?? '' })
    const webhook = new RefusingWebhook(site, server, site.full('webhook'))
    server.on('request', (request, response) => {
      void (async () => {
        const chunks: Buffer[] = []
        for await (const chunk of request) chunks.push(chunk as Buffer)
        webhook.#calls++
        const { uid } = (JSON.parse(Buffer.concat(chunks).toString()) as Review).request
        const answer = { uid, allowed: false, status: { code: 403, message: RefusingWebhook.message } }
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(
          JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }),
        )
      })().catch(() => response.destroy())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    await webhook.#register(options, ca?.toString('base64') ?? '')
    return webhook
  }

  /** How often the API server has asked it. */
  get calls(): number {
    return this.#calls
  }

  /** Nobody listens any more, while the API server goes on to ask. */
  async goDown(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  /** The API server asks it no more. */
  async remove(): Promise<void> {
    await this.#site.cp.admin.delete(`${path}/${this.#name}`)
    if (this.#server.listening) await this.goDown()
  }

  async #register({ namespaces, rules }: WebhookOptions, caBundle: string): Promise<void> {
    const { port } = this.#server.address() as AddressInfo
    await this.#site.cp.admin.create(path, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: this.#name },
      webhooks: [
        {
          name: 'rules.house.example.com',
          clientConfig: { url: `https://127.0.0.1:${port}/`, caBundle },
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          failurePolicy: 'Fail',
          timeoutSeconds: 5,
          namespaceSelector: { matchLabels: namespaces },
          rules: rules.map(({ group, resources }) => ({
            apiGroups: [group],
            apiVersions: ['*'],
            operations: ['CREATE', 'UPDATE', 'DELETE'],
            resources,
          })),
        },
      ],
    })
  }
}
