// The story up to the moment in which somebody uses the product.
import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import type { InstalledChart } from '../../test/chart/install.ts'
import type { ServerProcess } from '../../test/integration/harness.ts'
import { kubernetesVersion } from '../../test/testbed/binary.ts'
import type { KubeObject } from '../../test/testbed/kube-client.ts'
import { pushImage } from '../../test/testbed/registry.ts'
import { Look, short } from './look.ts'
import { member, namespaces, people, type Front, type Outside, type Stage } from './scene.ts'
import { check, type Story } from './story.ts'

export const host = '123456789012.dkr.ecr.eu-west-1.amazonaws.com'
export const image = `${host}/shop/app:1`

/** What the acts hand on to the ones after them. */
export interface Play {
  readonly outside: Outside
  readonly front: Front
  readonly look: Look
  readonly chart: InstalledChart
  readonly server: ServerProcess
  /** Digest of the image as it was pushed. */
  readonly digest: string
}

/** Kubernetes, AWS, a registry, Rancher's Dashboard, the server and the page. */
export async function setTheStage(story: Story, stage: Stage, lifetimeMs: number): Promise<Play> {
  const progress = (line: string) => story.line(`… ${line}`)
  let outside!: Outside
  story.line('… starting Kubernetes, a registry and a stand-in for AWS (about ten seconds)')
  await story.step('starting Kubernetes, AWS and a registry', async () => {
    outside = await stage.startOutside(lifetimeMs)
    const version = await outside.plane.admin.get<{ gitVersion: string }>('/version')
    check(version.gitVersion === kubernetesVersion, `the API server says that it is ${version.gitVersion}`)
    return [
      `A real Kubernetes control plane runs: ${version.gitVersion}, with RBAC and admission policies.`,
      `Beside it: a real OCI registry that asks for tokens, and a stand-in for AWS that issues them`,
      `for ${lifetimeMs / 1000} s each. (The real ECR: 12 hours.)`,
    ]
  })
  const { plane } = outside
  const look = new Look(outside, host)

  let digest = ''
  await story.step('pushing an image', async () => {
    const local = image.replace(host, outside.registry.host)
    digest = await pushImage({ image: local, ...outside.aws.pusher })
    return [
      `An image is in the registry: ${image} (${short(digest)}…).`,
      `A pull without any Secret is refused: ${await look.refusal(image, [])}`,
    ]
  })

  let front!: Front
  await story.step('starting the Dashboard', async () => {
    front = await stage.startFront(outside, progress)
    check(await mayReadSecrets(outside, member, namespaces[0]), `${member} got no rights in ${namespaces[0]}`)
    check(!(await mayReadSecrets(outside, member, 'kube-system')), `${member} has rights in kube-system`)
    return [
      `The Rancher Dashboard runs on a real Steve, with a project ${front.project} of the namespaces`,
      `${namespaces.join(' and ')}; ${member} is a member. She may work in these namespaces; the Secrets of`,
      'kube-system, for one, she may not even list.',
    ]
  })

  story.line('… installing the chart and starting the server (about ten seconds)')
  let product!: { chart: InstalledChart; server: ServerProcess }
  await story.step('installing the chart and starting the server', async () => {
    product = await stage.startProduct(outside)
    const { chart, server } = product
    const { ready, checks } = await server.readiness()
    check(ready, `the server is not ready: ${JSON.stringify(checks)}`)
    const policies = await plane.admin.get<{ items: KubeObject[] }>(
      '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies',
    )
    const ours = policies.items.filter(({ metadata }) => metadata?.name?.startsWith('token-registries-'))
    return [
      `helm installed the chart: CRDs, roles and ${ours.length} admission policies, all in force.`,
      `The server runs as ServiceAccount ${chart.namespace}/${chart.serviceAccount} with the chart's rights, and is ready.`,
    ]
  })

  await story.step('installing the page', async () => {
    const { entry, version } = await stage.installPage(outside, front, progress)
    const kilobytes = Math.round(gzipSync(await readFile(entry)).length / 1000)
    return [
      `helm installed the page's chart; Rancher fetched the extension ${version} from the image's serve-plugin mode`,
      `(${kilobytes} kB gzipped are loaded with every page of the Dashboard).`,
    ]
  })
  story.text(['', ...whereToLogIn(front), ''])
  return { outside, front, look, ...product, digest }
}

/** Address and users; the passwords are made for this run. */
function whereToLogIn({ rancher }: Front): string[] {
  const lines = [...rancher.users.values()].map(({ name, password }) => {
    return `    ${name.padEnd(6)} ${password}   ${people[name as keyof typeof people]}`
  })
  return [`  The page: ${rancher.url}/dashboard/c/local/token-registries`, '  Log in as:', ...lines]
}

async function mayReadSecrets({ plane }: Outside, user: string, where: string): Promise<boolean> {
  const { status } = await plane.request(user, 'GET', `/api/v1/namespaces/${where}/secrets`)
  return status === 200
}
