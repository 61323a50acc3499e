// The story itself. Each step does something, checks what it claims, and returns the lines that say so.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { RegistryStatus } from '../../server/api/v1alpha1/index.ts'
import type { KubeObject } from '../../test/testbed/kube-client.ts'
import { clock, endOf, entriesOf, isReady, short, type Look, type Secret } from './look.ts'
import { member, namespaces, type Outside } from './scene.ts'
import { host, image, type Play } from './setting.ts'
import { check, type Story } from './story.ts'

/** What the member sets up: the same file that the README shows. */
export const sampleFile = join(import.meta.dirname, '../../docs/samples/first-registry.yaml')

export const name = 'shop-ecr'
const [namespace, neighbour] = namespaces
const serverAgent = 'token-registries/'

/** A way to set up the registry of the sample. @returns what was done, in words */
export type SetUp = (keys: AccessKey) => Promise<readonly string[]>

/** The access key of the sample. */
export interface AccessKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** A member sets up a registry, and pods pull. @returns the pull Secret as it was written first */
export async function setUpRegistry(story: Story, play: Play, setUp: SetUp): Promise<Secret> {
  const { outside, front, look, digest } = play
  const { plane } = outside
  const { project } = front
  let doneAt = 0
  await story.step(`setting up a registry as ${member}`, async () => {
    const keys = await rememberKeys(outside)
    check(look.tokenCalls === 0, 'somebody asked AWS for a token before there was a registry')
    const lines = await setUp(keys)
    doneAt = performance.now()
    return lines
  })

  let secret!: Secret
  await story.step('waiting for the pull Secret', async () => {
    secret = await look.secret(namespace, name)
    const after = Math.round(performance.now() - doneAt)
    const { hosts, username } = entriesOf(secret)
    check(secret.type === 'kubernetes.io/dockerconfigjson', `the Secret has the type ${secret.type}`)
    check(hosts.length === 1 && hosts[0] === host, `the Secret is for ${hosts.join(', ')}`)
    const { status } = await look.registry(namespace, name, 'to be ready', isReady)
    const expiry = endOf(secret)
    check(new Date(status.expiresAt ?? NaN).getTime() === expiry.getTime(), 'status and Secret disagree')
    return [
      `Secret written: ${namespace}/${name}, ${after} ms after that.`,
      `for ${hosts[0]}, user ${username}, expires ${clock(expiry)}`,
      `next refresh ${clock(status.nextRefreshAt)}; calls to ECR so far: ${look.tokenCalls}`,
    ]
  })

  await story.step('pulling as a pod would', async () => {
    const named = await pullSecretsOfPod(play)
    const { digest: pulled, username, layers } = await look.pull(image, named)
    check(pulled === digest, `pulled ${pulled}, but ${digest} was pushed`)
    return [
      `Image pulled: ${short(pulled)}… with ${layers} layers, as user ${username}: the digest that was pushed.`,
      `A pod that names no Secret got "${name}" from its ServiceAccount; the kubelet's own keyring`,
      `chose the entry.`,
    ]
  })

  await story.step('extending it to the project', async () => {
    const before = look.tokenCalls
    const patch = JSON.stringify({ spec: { target: { project } } })
    await plane.kubectl(['patch', 'tokenregistry', name, '-n', namespace, '--type=merge', '--patch', patch], {
      token: member,
    })
    const copy = await look.secret(neighbour, name)
    const { digest: pulled } = await look.pull(image, [copy])
    check(pulled === digest, `pulled ${pulled}, but ${digest} was pushed`)
    const { status } = await look.registry(namespace, name, 'to serve two namespaces', (each) => {
      return each.targets?.synced === 2 && isReady(each)
    })
    checkCalls(look, status)
    const more = look.tokenCalls - before
    const same = copy.data['.dockerconfigjson'] === secret.data['.dockerconfigjson']
    check(same || more > 0, `the Secrets of ${namespace} and ${neighbour} differ`)
    return [
      `${member} set spec.target.project to ${project}: ${neighbour} has its Secret too, and pulls.`,
      more === 0
        ? `It took no further call to ECR: one token serves all namespaces (${status.summary?.synced} in step).`
        : `The token fell due meanwhile; still one call to ECR per token (${status.summary?.synced} in step).`,
    ]
  })
  return secret
}

/** The token's end: a refresh before it, pulls that go on, and the old token refused. */
export async function outliveTheToken(story: Story, play: Play, first: Secret): Promise<void> {
  const { outside, look, chart, digest } = play
  const end = endOf(first)
  const firstIssued = first.metadata?.annotations?.['tokenregistries.io/issued-at'] ?? ''

  story.line(`… the first token ends at ${clock(end)}; waiting for the refresh before it`)
  await story.step('waiting for the refresh', async () => {
    const { status } = await look.registry(namespace, name, 'to be refreshed', (each) => {
      return (each.issuedAt ?? '') > firstIssued && isReady(each)
    })
    const seenAt = new Date()
    check(seenAt < end, `the refresh came at ${clock(seenAt)}, after the token's end at ${clock(end)}`)
    const fresh = await look.secret(namespace, name)
    check(fresh.metadata?.uid === first.metadata?.uid, 'the Secret was deleted and created anew')
    check(
      fresh.data['.dockerconfigjson'] !== first.data['.dockerconfigjson'],
      'the Secret holds the old token',
    )
    return [
      `Refreshed at ${clock(status.issuedAt)}, ${inSeconds(end.getTime() - seenAt.getTime())} before the old token's end; the new one lives`,
      `to ${clock(status.expiresAt)}. The Secret is the same object (uid ${fresh.metadata?.uid?.slice(0, 8)}…), updated in place.`,
    ]
  })

  story.line(`… waiting for ${clock(end)}`)
  await story.step("waiting for the first token's end", async () => {
    while (Date.now() <= end.getTime() + 1000) await new Promise((resolve) => setTimeout(resolve, 100))
    const words = await look.refusal(image, [first])
    return [
      `The first token expired at ${clock(end)}; it is ${clock(new Date())} now.`,
      `The registry refuses a pull with it: ${words}`,
    ]
  })

  await story.step('pulling again', async () => {
    const { digest: pulled } = await look.pull(image, await pullSecretsOfPod(play))
    check(pulled === digest, `pulled ${pulled}, but ${digest} was pushed`)
    return [`The same pull with the Secret in place works: ${short(pulled)}…`]
  })

  await story.step('counting', async () => {
    const { status } = await look.registry(namespace, name, 'to be ready', isReady)
    checkCalls(look, status)
    const requests = await outside.plane.auditEvents({
      where: ({ userAgent }) => userAgent?.startsWith(serverAgent) ?? false,
    })
    const identity = `system:serviceaccount:${chart.namespace}:${chart.serviceAccount}`
    const other = requests.find(({ user }) => user.username !== identity)
    check(requests.length > 0, 'the audit log knows no request of the server')
    check(other === undefined, `the server sent a request as ${other?.user.username}`)
    return [
      `Calls to ECR in all: ${look.tokenCalls}, one for each token, for ${status.targets?.synced} namespaces.`,
      `By the API server's audit log, all ${requests.length} requests of the server came from its ServiceAccount.`,
    ]
  })
}

/** The fake AWS knows the access key of the sample, as the real one would know a team's. */
async function rememberKeys({ aws }: Outside): Promise<AccessKey> {
  const documents = parseAllDocuments(await readFile(sampleFile, 'utf8'))
  const objects = documents.map((document) => document.toJS() as KubeObject)
  const keys = objects.find(({ kind }) => kind === 'Secret')?.['stringData'] as AccessKey
  aws.world.addUser({ name: 'shop-puller', allow: ['ecr:GetAuthorizationToken'], ...keys })
  return keys
}

/** Makes a pod as the member does, and reads the Secrets that its ServiceAccount gave it. */
async function pullSecretsOfPod({ outside, look }: Play): Promise<Secret[]> {
  const { plane } = outside
  await look.registry(namespace, name, 'to be ready', isReady)
  const { spec } = await plane
    .client(member)
    .create<{ spec: { imagePullSecrets?: { name: string }[] } }>(`/api/v1/namespaces/${namespace}/pods`, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { generateName: 'app-' },
      spec: { containers: [{ name: 'app', image }] },
    })
  const names = (spec.imagePullSecrets ?? []).map((reference) => reference.name)
  check(names.includes(name), `the pod got the pull Secrets [${names.join(', ')}] from its ServiceAccount`)
  return Promise.all(names.map((each) => look.secret(namespace, each)))
}

/** Each success in the history is one call, and there are no others. */
function checkCalls(look: Look, { history = [] }: RegistryStatus): void {
  const successes = history.filter(({ outcome }) => outcome === 'Succeeded').length
  check(
    look.tokenCalls === successes,
    `ECR was called ${look.tokenCalls} times, for ${successes} tokens in the status' history`,
  )
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
