// Builds the testbed's one Go binary and caches it by content, so that only the first run after a change waits.
import { join } from 'node:path'
import { cached, cacheFolder, contentHash } from '../../scripts/build/cached.ts'
import { goBuild } from './go-build.ts'
import { findGo } from './toolchain.ts'

/** The version that the built API server reports. */
export const kubernetesVersion = 'v1.36.3'

const sources = join(import.meta.dirname, 'go')
const versionPackage = 'k8s.io/component-base/version'
const [gitMajor, gitMinor] = kubernetesVersion.slice(1).split('.')
const linkFlags = [
  '-s -w',
  `-X ${versionPackage}.gitVersion=${kubernetesVersion}`,
  `-X ${versionPackage}.gitMajor=${gitMajor}`,
  `-X ${versionPackage}.gitMinor=${gitMinor}`,
].join(' ')
const buildArguments = ['build', '-v', '-trimpath', '-buildvcs=false', '-ldflags', linkFlags]

let building: Promise<string> | undefined

/**
 * Path of the built binary; builds it when the cache has none for the present sources. The first build of all takes
 * about ten minutes on two cores and 5 GB of disk, a later one after a change of our own files about a minute.
 * @param progress gets a line every few seconds while a build runs (default: standard error)
 * @throws Error when there is no Go or the build fails, with the end of the compiler's output
 */
export function ensureBinary(progress: (line: string) => void = printProgress): Promise<string> {
  building ??= findOrBuild(progress).catch((error: unknown) => {
    building = undefined
    throw error
  })
  return building
}

async function findOrBuild(progress: (line: string) => void): Promise<string> {
  const kind = 'testbed'
  // The toolchain is part of it through go.mod, which names the version; asking Go would make a cached start need Go.
  const values = [process.platform, process.arch, buildArguments]
  const folder = await cached({
    kind,
    hash: await contentHash(values, sources, ['.'], (name) => /\.go$|^go\.(mod|sum)$/.test(name)),
    build: async (empty) =>
      goBuild(
        {
          name: kind,
          hint: 'building the Kubernetes control plane from source; only the first time takes minutes',
          go: await findGo(cacheFolder(kind), progress),
          module: sources,
          arguments: [...buildArguments, '-o', join(empty, 'testbed'), '.'],
        },
        progress,
      ),
  })
  return join(folder, 'testbed')
}

function printProgress(line: string): void {
  process.stderr.write(`${line}\n`)
}
