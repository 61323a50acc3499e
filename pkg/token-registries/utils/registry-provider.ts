// How a provider is shown in a list: a neutral icon of the shell's own font, and a short name.

export interface ProviderMark {
  readonly icon: string
  /** Key of the name; undefined for a provider that is newer than the page: its name in the API is shown. */
  readonly label: string | undefined
}

const marks: Readonly<Record<string, ProviderMark>> = {
  ecr: { icon: 'icon-cloud-plus', label: 'tokenRegistries.list.providers.ecr' },
  static: { icon: 'icon-user', label: 'tokenRegistries.list.providers.static' },
}

/** @param name of the block under spec.provider */
export function providerMark(name: string): ProviderMark {
  return (
    (Object.hasOwn(marks, name) ? marks[name] : undefined) ?? { icon: 'icon-repository', label: undefined }
  )
}
