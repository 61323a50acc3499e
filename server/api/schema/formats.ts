/**
 * The forms of strings. Patterns avoid look-around, so that JavaScript, RE2 (API server) and the page read them alike.
 * They are anchored, and each has a sentence that says what is expected.
 */
import * as z from 'zod'
import { refersTo } from './reference.ts'

const label = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?'
const subdomain = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'
const port = '([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])'

interface Form {
  readonly pattern: string
  readonly message: string
  readonly min?: number
  readonly max: number
}

/** A string of one form. `message` is what zod and the page say; the API server prints the pattern. */
export function text({ pattern, message, min = 1, max }: Form): z.ZodString {
  return z.string().min(min).max(max).regex(new RegExp(pattern), message).meta({ patternMessage: message })
}

/** Name of a Secret or ServiceAccount. */
export const objectName = text({
  pattern: `^${subdomain}$`,
  message: 'must be a lower-case name as Kubernetes takes it: letters, digits, "-" and "."',
  max: 253,
})

/** A key of `auths` in a pull Secret, by the kubelet's matching rules: `*` stands for one whole part of the host name. */
export const registryHost = text({
  pattern: `^(((\\*|${label})\\.)*${label}\\.)?${label}(:${port})?(/[a-z0-9._/-]*)?$`,
  message:
    'must be host[:port][/path] without a scheme and in lower case; "*" may stand for one part of the host name, not for the last two',
  max: 253,
})

/** Where to send API calls instead of the public address. */
export const endpointUrl = refersTo(
  'endpoint',
  text({
    pattern: `^https?://(${label}\\.)*${label}(:${port})?(/[A-Za-z0-9._/-]*)?$`,
    message: 'must be an http or https URL without user, query or fragment',
    max: 512,
  }),
)

/** `<cluster>:<project>`, as Rancher writes it into the annotation of a namespace. */
export const projectId = text({
  pattern: `^${label}:${label}$`,
  message: 'must be <cluster id>:<project id>, for example c-m-4xk8d2ql:p-7hj2k',
  max: 127,
})

/** A namespace name in which `*` stands for any number of characters. */
export const namespaceGlob = text({
  pattern: '^[a-z0-9*]([-a-z0-9*]*[a-z0-9*])?$',
  message: 'must be a namespace name; "*" stands for any number of characters',
  max: 63,
})

/** Hours and minutes, larger unit first: the only form of a duration in this API. */
export const duration = text({
  pattern: '^([1-9][0-9]{0,2}h)?([1-9][0-9]{0,4}m)?$',
  message: 'must be hours and minutes such as 30m, 12h or 1h30m',
  min: 2,
  max: 9,
})

/** Milliseconds of a `duration` that matches its pattern; NaN otherwise. */
export function parseDuration(value: string): number {
  const match = /^(?:(\d+)h)?(?:(\d+)m)?$/.exec(value)
  if (!match || value === '') return Number.NaN
  return (Number(match[1] ?? 0) * 60 + Number(match[2] ?? 0)) * 60_000
}

/** A moment that a person writes. */
export const timestamp = text({
  pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$',
  message: 'must be a date and time such as 2027-01-31T00:00:00Z',
  min: 20,
  max: 35,
})
  .refine((value) => z.iso.datetime({ offset: true }).safeParse(value).success, {
    message: 'must be a date and time that exists, such as 2027-01-31T00:00:00Z',
  })
  .meta({ format: 'date-time' })

/** A moment that the server writes. */
export const observedTime = z.string().meta({ format: 'date-time' })

/** A key inside a Secret. */
export const secretKey = text({
  pattern: '^[-._a-zA-Z0-9]+$',
  message: 'must be a key of a Secret: letters, digits, "-", "_" and "."',
  max: 253,
})

const qualifiedName = '[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?'

/** Pattern of a label or annotation key, also used inside CEL. */
export const qualifiedNamePattern = `^(${subdomain}/)?${qualifiedName}$`

/** A label key where it is a value (in maps it is a rule, see secret.ts). */
export const labelKey = text({
  pattern: qualifiedNamePattern,
  message: 'must be a label key: an optional prefix and "/", then up to 63 letters, digits, "-", "_" or "."',
  max: 317,
})

/** A label value; may be empty. */
export const labelValue = text({
  pattern: `^(${qualifiedName})?$`,
  message: 'must be a label value: up to 63 letters, digits, "-", "_" or "."',
  min: 0,
  max: 63,
})
