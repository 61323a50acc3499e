import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startControlPlane, type ControlPlane } from './control-plane.ts'
import { startSteve, type Steve } from './steve.ts'

describe('Steve', { timeout: 300_000 }, () => {
  let plane: ControlPlane
  let steve: Steve

  before(async () => {
    plane = await startControlPlane()
    steve = await startSteve(plane)
  })
  after(async () => {
    await steve?.stop()
    await plane?.stop()
  })

  const list = async (headers: Record<string, string> = {}): Promise<string[]> => {
    const response = await fetch(`${steve.url}/v1/namespaces`, { headers })
    const { data = [] } = (await response.json()) as { data?: { id: string }[] }
    return data.map(({ id }) => id)
  }

  it('lists namespaces', async () => {
    assert.ok((await list()).includes('kube-system'))
  })

  it('shows a user only what the user may see', async () => {
    assert.deepEqual(
      await list({ 'Impersonate-User': 'u-alice', 'Impersonate-Group': 'system:authenticated' }),
      [],
    )
  })
})
