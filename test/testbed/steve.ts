// Steve, the API that the Rancher Dashboard talks to, in front of a control plane.
import { join } from 'node:path'
import { ensureBinary } from './binary.ts'
import type { ControlPlane } from './control-plane.ts'
import { freePort } from './ports.ts'
import { ServerProcess } from './server-process.ts'

/** A running Steve. */
export interface Steve {
  port: number
  /** `http://127.0.0.1:<port>`; who asks is said by the headers Impersonate-User and Impersonate-Group. */
  url: string
  process: ServerProcess
  stop(): Promise<void>
}

/**
 * Starts Steve with its SQL cache on loopback. Without an impersonation header it answers as cluster administrator,
 * so whatever stands in front must set one.
 */
export async function startSteve(plane: ControlPlane): Promise<Steve> {
  const port = await freePort()
  const server = new ServerProcess({
    part: 'steve',
    binary: await ensureBinary(),
    args: ['--kubeconfig', await plane.kubeconfig(), '--http-port', String(port)],
    // A folder of its own: it writes its cache into the working directory.
    folder: join(plane.folder, `steve-${port}`),
  })
  const url = `http://127.0.0.1:${port}`
  server.start()
  try {
    await server.untilReady(async () => {
      const response = await fetch(`${url}/v1/namespaces`)
      const { count = 0 } = (await response.json()) as { count?: number }
      return response.status === 200 && count > 0
    })
  } catch (error) {
    await server.stop()
    throw error
  }
  return { port, url, process: server, stop: () => server.stop() }
}
