import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { environment } from '../../scripts/image/oci.ts'
import { installChart, type InstalledChart } from '../chart/install.ts'
import { startControlPlane, type ControlPlane } from '../testbed/control-plane.ts'
import { startContainer, type Container } from './container.ts'

const root = join(import.meta.dirname, '../..')
const accountFolder = '/var/run/secrets/kubernetes.io/serviceaccount'

interface Variable {
  name: string
  value?: string
  valueFrom?: { fieldRef: { fieldPath: string } }
}
interface Deployment {
  spec: { template: { spec: { containers: { command: string[]; env: Variable[] }[] } } }
}

/** The image's file system run as the chart's Deployment says, against a real control plane. */
describe('the server in its image', () => {
  let work: string
  let plane: ControlPlane
  let chart: InstalledChart
  let container: Container
  let ports: { httpPort: number; metricsPort: number }

  before(async () => {
    work = await mkdtemp(join(tmpdir(), 'image-run-'))
    const building = promisify(execFile)(
      process.execPath,
      ['scripts/image.ts', '--rootfs', join(work, 'rootfs')],
      { cwd: root },
    )
    const installing = startControlPlane().then((started) => {
      plane = started
      return installChart(plane)
    })
    ;[chart] = await Promise.all([installing, building])
    container = await startContainer({
      rootfs: join(work, 'rootfs'),
      work: join(work, 'root'),
      mounts: { [accountFolder]: await mountAccount() },
      ...(await readDeployment()),
    })
    const [line] = await container.waitFor(/^.*"msg":"started".*$/m)
    ports = JSON.parse(line) as typeof ports
  })
  after(async () => {
    container?.process.kill('SIGKILL')
    await plane?.stop()
    await rm(work, { recursive: true, force: true })
  })

  /** What the kubelet would mount: token, authority, namespace. */
  async function mountAccount(): Promise<string> {
    const folder = join(work, 'account')
    await mkdir(folder)
    const files = { token: await chart.serverToken(), 'ca.crt': plane.ca, namespace: chart.namespace }
    for (const [name, body] of Object.entries(files)) {
      await writeFile(join(folder, name), body)
      await chmod(join(folder, name), 0o644)
    }
    await chmod(work, 0o755)
    return folder
  }

  async function readDeployment() {
    const path = `/apis/apps/v1/namespaces/${chart.namespace}/deployments/token-registries`
    const { spec } = await plane.admin.get<Deployment>(path)
    const { command, env } = spec.template.spec.containers[0]!
    const fields: Record<string, string> = {
      'metadata.namespace': chart.namespace,
      'metadata.name': 'server-0',
    }
    const { hostname, port } = new URL(plane.url)
    const given = env.map(({ name, value, valueFrom }) => [
      name,
      value ?? fields[valueFrom!.fieldRef.fieldPath]!,
    ])
    const fromImage = environment.map((line) => line.split(/=(.*)/s).slice(0, 2))
    return {
      command,
      env: {
        ...(Object.fromEntries([...fromImage, ...given]) as Record<string, string>),
        KUBERNETES_SERVICE_HOST: hostname,
        KUBERNETES_SERVICE_PORT: port,
        HTTP_PORT: '0',
        METRICS_PORT: '0',
      },
    }
  }

  it('becomes ready with nothing but the chart and the image', async () => {
    const deadline = Date.now() + 30_000
    for (;;) {
      const answer = await fetch(`http://127.0.0.1:${ports.httpPort}/readyz`)
      const text = await answer.text()
      if (answer.status === 200) break
      assert.ok(Date.now() < deadline, `${text}\n${container.output()}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    assert.equal((await fetch(`http://127.0.0.1:${ports.httpPort}/healthz`)).status, 200)
  })

  it('runs as user 65532 without privileges on a root that cannot be written', async () => {
    const status = await readFile(`/proc/${container.process.pid}/status`, 'utf8')
    const asRoot = process.getuid?.() === 0
    // In a user namespace of our own the ids differ outside.
    if (asRoot) assert.match(status, /^Uid:\t65532\t65532\t65532\t65532$/m)
    if (asRoot) assert.match(status, /^Gid:\t65532\t65532\t65532\t65532$/m)
    assert.match(status, asRoot ? /^CapEff:\t0+$/m : /^CapEff:\t0+40000$/m) // the latter: chroot, in its own namespace
    assert.match(status, /^NoNewPrivs:\t1$/m)
    const mounts = await readFile(`/proc/${container.process.pid}/mountinfo`, 'utf8')
    const rootMount = mounts.split('\n').find((line) => line.split(' ')[4] === '/')
    assert.match(String(rootMount?.split(' ')[5]), /^ro/)
  })

  it('guards its metrics with the cluster’s own tokens', async () => {
    const metrics = `http://127.0.0.1:${ports.metricsPort}/metrics`
    assert.equal((await fetch(metrics)).status, 401)
    const get = (token: string) => fetch(metrics, { headers: { Authorization: `Bearer ${token}` } })
    assert.equal((await get(await chart.serverToken())).status, 403)
    const allowed = await get(plane.adminToken)
    assert.equal(allowed.status, 200)
    assert.match(await allowed.text(), /^token_registries_leader 1$/m)
  })

  it('takes little memory at rest', async () => {
    const status = await readFile(`/proc/${container.process.pid}/status`, 'utf8')
    const megabytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
    assert.ok(megabytes < 160, `${megabytes} MiB`) // measured: about 105; design.md §12 has the goals, the bench checks them
  })

  it('stops at once when asked to, giving the Lease back', async () => {
    const started = performance.now()
    assert.equal(await container.stop(), 0, container.output())
    assert.ok(performance.now() - started < 5_000)
    const lease = await plane.admin.get<{ spec: { holderIdentity?: string } }>(
      `/apis/coordination.k8s.io/v1/namespaces/${chart.namespace}/leases/token-registries`,
    )
    assert.ok(!lease.spec.holderIdentity, lease.spec.holderIdentity)
  })
})
