// The server applies the administrator's policy again before each use. It must come to the same answer as admission.
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { policyPaths } from '../../scripts/generate/policy-paths.ts'
import { readKind, type SchemaNode } from '../../scripts/generate/schema-node.ts'
import { tokenRegistryKind, type TokenRegistrySpec } from '../../server/api/v1alpha1/index.ts'
import { parseRegistry, type RegistryObject } from '../../server/controller/parse.ts'
import { checkPolicy, denyAll, parsePolicy, type Policy } from '../../server/core/policy.ts'
import type { NamespaceInfo } from '../../server/core/targets.ts'
import { providerOf } from '../../server/providers/index.ts'
import { allowed, type Request } from './allowed-table.ts'
import { attackedValues, attacksByRegistry } from './attack-table.ts'
import { find, render } from './render.ts'

const projects: Record<string, string> = { shop: 'c-1:p-1' }

/** Null when the server would go on, else its sentence. */
function serverRefusal({ path, body }: Request, policy: Policy): string | null {
  const namespace = /\/namespaces\/([^/]+)\//.exec(path)?.[1] ?? ''
  const { spec } = body as { spec: TokenRegistrySpec }
  const metadata = { name: 'x', uid: 'u', resourceVersion: '1', namespace }
  const registry = parseRegistry({ metadata, spec } as unknown as RegistryObject)
  const chosen = providerOf(spec.provider)
  assert.ok(chosen)
  const config = chosen.provider.configSchema.parse(chosen.config)
  const demand = {
    customEndpoints: chosen.provider.customEndpoints(config),
    upstreamRoles: chosen.provider.upstreamRoles(config),
  }
  const home = { name: namespace, project: projects[namespace] } as NamespaceInfo
  try {
    checkPolicy(registry, demand, namespace === '' ? undefined : home, policy)
    return null
  } catch (error) {
    return (error as Error).message
  }
}

/** Requests that write a whole registry. */
const registries = Object.entries(allowed).filter(
  ([, { path, method }]) => path.startsWith('/apis/') && method === 'POST',
)

/** Each provider with every field of its block, by the examples of the schema, which are one of each. */
function providersWithEverything() {
  const block = readKind(tokenRegistryKind).properties?.['spec']?.properties?.['provider']
  return Object.entries(block?.properties ?? {}).map(([type, node]) => {
    const chosen = providerOf({ [type]: exampleOf(node) } as unknown as TokenRegistrySpec['provider'])
    assert.ok(chosen)
    return chosen
  })
}

function exampleOf(node: SchemaNode): unknown {
  if (node.properties !== undefined) {
    const fields = Object.entries(node.properties).map(([name, child]) => [name, exampleOf(child)])
    return Object.fromEntries(fields) as unknown
  }
  return node.example ?? (node.items === undefined ? undefined : [exampleOf(node.items)])
}

describe('admission and server', () => {
  let policy: Policy

  before(async () => {
    const { data } = find(
      await render(attackedValues),
      'ConfigMap',
      'token-registries-policy',
    ) as unknown as {
      data: Record<string, string>
    }
    policy = parsePolicy(data)
  })

  for (const attack of attacksByRegistry.filter((one) => one.policy.endsWith('-limits'))) {
    it(`both refuse: ${attack.title}`, () => assert.notEqual(serverRefusal(attack, policy), null))
  }

  for (const [title, request] of registries) {
    it(`both allow: ${title}`, () => assert.equal(serverRefusal(request, policy), null))
  }

  it('look at the same fields: those that are marked are those that the providers tell of', () => {
    const paths = policyPaths(readKind(tokenRegistryKind))
    const marked = (reference: string) =>
      paths.filter((path) => path.reference === reference).map(({ field }) => field)
    for (const { provider, config } of providersWithEverything()) {
      const own = (reference: string) =>
        marked(reference).filter((field) => field.startsWith(`spec.provider.${provider.type}.`)).length
      assert.equal(provider.customEndpoints(config).length, own('endpoint'), provider.type)
      assert.equal(provider.upstreamRoles(config).length, own('upstreamRole'), provider.type)
    }
  })

  it('without the ConfigMap the server allows only what needs no permission', () => {
    const stays = registries.filter(([, request]) => serverRefusal(request, denyAll) === null)
    assert.deepEqual(
      stays.map(([title]) => title.split(' ').slice(0, 2).join(' ')),
      ['alice uses', 'alice attaches', 'frank attaches', 'mallory serves'],
    )
  })
})
