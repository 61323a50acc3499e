import * as z from 'zod'
import { list, mapList } from '../schema/collections.ts'
import { named, observed } from '../schema/field.ts'
import { observedTime } from '../schema/formats.ts'

const time = (label: string, help: string) => observed(observedTime, { label, help })
const string = (label: string, help: string) => observed(z.string(), { label, help })
const count = (label: string, help: string) => observed(z.int().min(0).max(2147483647), { label, help })

/** The condition of metav1, field by field. */
export const conditionSchema = named(
  'Condition',
  z.strictObject({
    type: string('Type', 'Ready, CredentialIssued, SecretsSynced, Stalled or Reconciling.'),
    status: observed(z.enum(['True', 'False', 'Unknown']), {
      label: 'Status',
      help: 'Whether the condition holds.',
    }),
    reason: string('Reason', 'One word: Succeeded, or a code from the list of errors.'),
    message: string('Message', 'What happened and what to do about it.'),
    lastTransitionTime: time('Since', 'When the status last changed.'),
    observedGeneration: observed(z.int().min(0).max(Number.MAX_SAFE_INTEGER).optional(), {
      label: 'Generation',
      help: 'The generation of the spec that the condition is about.',
    }),
  }),
)
/** One condition as it stands in status; times are RFC 3339 text. */
export type Condition = z.output<typeof conditionSchema>

const summarySchema = named(
  'RegistrySummary',
  z.strictObject({
    provider: string('Provider', 'The name of the provider block.').optional(),
    hosts: string('Hosts', 'The registry hosts, shortened to fit a column.').optional(),
    target: string('Target', 'Where the pull Secrets go, in words.').optional(),
    synced: string(
      'Synced',
      'Namespaces with the current credential, of those that shall have it: 11/12.',
    ).optional(),
    reason: string('Reason', 'The reason that matters most at the moment.').optional(),
  }),
)

const failureSchema = named(
  'NamespaceFailure',
  z.strictObject({
    namespace: string('Namespace', 'The namespace that could not be served.'),
    reason: string('Reason', 'A code from the list of errors.'),
    message: string('Message', 'What happened and what to do about it.'),
    since: time('Since', 'When it first failed.'),
  }),
)

const lastFailureSchema = named(
  'LastFailure',
  z.strictObject({
    time: time('Time', 'When the try ended.'),
    reason: string('Reason', 'A code from the list of errors.'),
    message: string('Message', 'What happened and what to do about it.'),
    material: string(
      'Material',
      'The resource version of the Secret that the try used; a newer one is tried at once.',
    ).optional(),
  }),
)

const historyEntrySchema = named(
  'HistoryEntry',
  z.strictObject({
    time: time('Time', 'When the try ended.'),
    outcome: observed(z.enum(['Succeeded', 'Failed']), {
      label: 'Outcome',
      help: 'Whether a credential was issued.',
    }),
    reason: string('Reason', 'Why it was asked for, or the code of the failure.').optional(),
    expiresAt: time('Expires', 'When the issued credential ends.').optional(),
    durationMs: count('Duration', 'How long upstream took, in milliseconds.').optional(),
  }),
)

/** The status of both registry kinds. Written by the server alone; long texts are cut before they get here. */
export const registryStatusSchema = named(
  'RegistryStatus',
  z.strictObject({
    observedGeneration: observed(z.int().min(0).max(Number.MAX_SAFE_INTEGER).optional(), {
      label: 'Generation',
      help: 'The generation of the spec that this status is about.',
    }),
    conditions: observed(mapList(conditionSchema, 'type', { max: 16 }).optional(), {
      label: 'Conditions',
      help: 'Ready says whether pulls work everywhere, CredentialIssued whether the last try at upstream went well, SecretsSynced whether every namespace has the result.',
    }),
    provider: string('Provider', 'The name of the provider block.').optional(),
    hosts: observed(list(z.string(), { max: 200 }).optional(), {
      label: 'Hosts',
      help: 'The registry hosts that the pull Secret has entries for.',
    }),
    identity: string(
      'Identity',
      'Who upstream says we are, such as the ARN of a role, once it is known.',
    ).optional(),
    issuedAt: time('Issued', 'When the current credential was issued.').optional(),
    expiresAt: time('Expires', 'When the current credential ends. Absent when it states no end.').optional(),
    nextRefreshAt: time('Next refresh', 'When upstream is asked again.').optional(),
    summary: observed(summarySchema.optional(), {
      label: 'Summary',
      help: 'The same in words, for the columns of lists.',
    }),
    targets: observed(
      named(
        'RegistryTargets',
        z.strictObject({
          desired: count('Desired', 'Namespaces that shall have the pull Secret.'),
          synced: count('Synced', 'Namespaces that have the current one.'),
          failed: count('Failed', 'Namespaces whose last write failed.'),
        }),
      ).optional(),
      { label: 'Namespaces', help: 'How many namespaces are served.' },
    ),
    failures: observed(list(failureSchema, { max: 20 }).optional(), {
      label: 'Failures',
      help: 'Namespaces that could not be served, at most 20 of them.',
    }),
    attempts: count(
      'Failed tries',
      'Tries at upstream that failed since the last that went well.',
    ).optional(),
    lastFailure: observed(lastFailureSchema.optional(), {
      label: 'Last failure',
      help: 'The last try at upstream that failed.',
    }),
    lastHandledRefreshRequest: string(
      'Refresh request',
      'The last value of the annotation tokenregistries.io/refresh-requested-at that was acted on.',
    ).optional(),
    history: observed(list(historyEntrySchema, { max: 20 }).optional(), {
      label: 'History',
      help: 'The last tries at upstream, oldest first, at most 20 of them.',
    }),
  }),
)
/** As read from the API server: any field may be missing, since each comes with the work that it tells of. */
export type RegistryStatus = z.output<typeof registryStatusSchema>
