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
