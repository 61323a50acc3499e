// What the registries of a site tell of themselves, to be waited for.
import type { Site } from './site.ts'

/** Waits until the status of a registry fits. @param name short name, as `addRegistry` and `addClusterRegistry` have it */
export async function untilTold(
  site: Site,
  name: string,
  what: string,
  fits: (status: Readonly<Record<string, unknown>>) => boolean,
): Promise<void> {
  const statusOf = async (): Promise<Readonly<Record<string, unknown>>> => {
    const { registries } = await site.endState()
    return registries[`${name}/${name}`] ?? registries[`/${name}`] ?? {}
  }
  await site.until(
    `${name} to tell of ${what}`,
    async () => fits(await statusOf()),
    async () => JSON.stringify(await statusOf()),
  )
}

/** Waits until registries say that refreshes fail for this reason, and that pulls go on all the same. */
export async function untilAmber(
  site: Site,
  reason: string,
  names: readonly string[] = ['base', 'own'],
): Promise<void> {
  for (const name of names)
    await untilTold(
      site,
      name,
      `${reason} while it stays Ready`,
      ({ Ready, CredentialIssued }) => CredentialIssued === `False ${reason}` && Ready === 'True Ready',
    )
}

/** Waits until a namespace has the pull Secret of `base`, whichever password is in it. */
export async function untilServed(site: Site, namespace: string): Promise<void> {
  await site.until(
    `${namespace} to get a pull Secret`,
    async () => (await site.secret(namespace, site.full('base'))) !== undefined,
  )
}

/** How often a Secret was deleted, once the witness has seen all so far. @param namespace full name */
export async function deletionsOf(site: Site, namespace: string, name: string): Promise<number> {
  await site.untilWitnessed()
  return site.secrets.versions.filter(
    ({ type, object: { metadata } }) =>
      type === 'DELETED' && metadata?.namespace === namespace && metadata.name === name,
  ).length
}

/**
 * Upstream takes connections and says nothing while something is done, until so many calls stand there.
 * `site.bed.upstream.heal()` lets them pass, late.
 */
export async function stallUpstream(site: Site, act: () => Promise<void>, calls: number): Promise<void> {
  await site.fault(() => site.bed.upstream.blackhole())
  await act()
  await untilStalled(site, calls)
}

/** Waits until so many calls stand at a stalled upstream, over the whole life of the site. */
export async function untilStalled(site: Site, calls: number): Promise<void> {
  await site.fault(() => site.until(`${calls} calls to wait`, () => site.bed.upstream.silenced >= calls))
}
