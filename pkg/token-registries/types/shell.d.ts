// Modules that exist only in a build: what @rancher/shell does not declare.

declare module '@rancher/auto-import' {
  /** Made by the build: registers the files of models/, list/, edit/, detail/, formatters/, l10n/ and so on by their names. */
  export function importTypes(plugin: unknown): void
}
