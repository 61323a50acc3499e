// The demo that stays up: where to look, and a line for whatever happens meanwhile.
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ensureBinary } from '../../test/testbed/binary.ts'
import { name } from './acts.ts'
import { clock, isReady, type TokenRegistry } from './look.ts'
import { member } from './scene.ts'
import type { Play } from './setting.ts'
import type { Story } from './story.ts'

const lookEveryMs = 1000
const path = `/apis/tokenregistries.io/v1alpha1/namespaces/shop/tokenregistries/${name}`

/** Says where to look and what to try. */
export async function invite(story: Story, { outside: { plane } }: Play): Promise<void> {
  const kubeconfig = async (user: string): Promise<string> => {
    const file = join(plane.folder, `${user}.kubeconfig`)
    await copyFile(await plane.kubeconfig(user), file)
    return file
  }
  const [asMember, asAdmin] = await Promise.all([kubeconfig(member), kubeconfig('admin')])
  story.text([
    '',
    'It stays up now. To look around, in another terminal:',
    '',
    `  export KUBECONFIG=${asMember}   # as ${member}, the project member`,
    `  alias kubectl='${await ensureBinary()} kubectl'`,
    '',
    '  kubectl get tokenregistries -n shop              # how it stands',
    `  kubectl describe tokenregistry ${name} -n shop  # conditions, history, events`,
    `  kubectl delete secret ${name} -n shop           # it is back at once`,
    `  kubectl annotate tokenregistry ${name} -n shop --overwrite tokenregistries.io/refresh-requested-at="$(date +%s)"`,
    '',
    `As cluster administrator: export KUBECONFIG=${asAdmin}`,
    'Stop with Ctrl-C: everything is removed.',
    '',
  ])
}

/** Tells of refreshes and of pulls that stop or start to work, until stopped. */
export async function narrate(
  story: Story,
  { outside: { plane }, look }: Play,
  stop: AbortSignal,
): Promise<void> {
  let issuedAt = ''
  let ready = true
  while (!stop.aborted) {
    const { body, status: code } = await plane.admin.request<TokenRegistry>('GET', path)
    const status = code === 200 ? body.status : undefined
    if (status !== undefined) {
      if (issuedAt !== '' && (status.issuedAt ?? '') > issuedAt)
        story.line(`refreshed: expires ${clock(status.expiresAt)}, calls to ECR so far: ${look.tokenCalls}`)
      if (isReady(status) !== ready) {
        ready = isReady(status)
        story.line(ready ? 'pulls work again' : `pulls fail: ${status.summary?.reason ?? 'no reason given'}`)
      }
      issuedAt = status.issuedAt ?? issuedAt
    }
    await delay(lookEveryMs, undefined, { signal: stop }).catch(() => undefined)
  }
}
