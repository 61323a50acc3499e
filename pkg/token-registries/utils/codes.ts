// The server's one vocabulary of failures (server/core/errors.ts), in plain words.
import type { Text } from './text'

const texts: Readonly<Record<string, Text>> = {
  SpecInvalid: { key: 'tokenRegistries.health.codes.SpecInvalid' },
  ReferenceMissing: { key: 'tokenRegistries.health.codes.ReferenceMissing' },
  CredentialsInvalid: { key: 'tokenRegistries.health.codes.CredentialsInvalid' },
  CredentialsExpired: { key: 'tokenRegistries.health.codes.CredentialsExpired' },
  AccessDenied: { key: 'tokenRegistries.health.codes.AccessDenied' },
  TrustDenied: { key: 'tokenRegistries.health.codes.TrustDenied' },
  WrongTarget: { key: 'tokenRegistries.health.codes.WrongTarget' },
  ClockSkew: { key: 'tokenRegistries.health.codes.ClockSkew' },
  RateLimited: { key: 'tokenRegistries.health.codes.RateLimited' },
  Unavailable: { key: 'tokenRegistries.health.codes.Unavailable' },
  BadResponse: { key: 'tokenRegistries.health.codes.BadResponse' },
  NotOwner: { key: 'tokenRegistries.health.codes.NotOwner' },
  NotAllowed: { key: 'tokenRegistries.health.codes.NotAllowed' },
  ClusterConflict: { key: 'tokenRegistries.health.codes.ClusterConflict' },
  ClusterForbidden: { key: 'tokenRegistries.health.codes.ClusterForbidden' },
  InternalError: { key: 'tokenRegistries.health.codes.InternalError' },
}

/** What a code means and what to do, in a sentence; undefined for words that name no failure, or that are newer than the page. */
export function codeText(code: string | undefined): Text | undefined {
  return code !== undefined && Object.hasOwn(texts, code) ? texts[code] : undefined
}

/** Whether the code refuses the use and not a refresh: pulls must stop at once, whatever life is left. */
export function isRefusal(code: string): boolean {
  return code === 'NotAllowed' || code === 'SpecInvalid'
}
