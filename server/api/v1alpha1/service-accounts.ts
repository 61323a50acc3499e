import * as z from 'zod'
import { set } from '../schema/collections.ts'
import { field, named } from '../schema/field.ts'
import { objectName } from '../schema/formats.ts'
import { withRules } from '../schema/rule.ts'

/** spec.serviceAccounts: whose new pods pull with the Secret without naming it. */
export const serviceAccountsSchema = withRules(
  named(
    'ServiceAccounts',
    z.strictObject({
      attach: field(z.enum(['None', 'Default', 'All', 'Named']).default('None'), {
        label: 'Who may pull with it',
        help: 'Which ServiceAccounts get the pull Secret in their imagePullSecrets: none, the one named default, all of the namespace, or those in names. Only pods created later are affected.',
        example: 'Default',
        order: 1,
      }),
      names: field(set(objectName, { max: 50 }).optional(), {
        label: 'ServiceAccounts',
        help: 'The ServiceAccounts to attach the pull Secret to. Those that do not exist yet are served when they appear.',
        example: ['builder'],
        order: 2,
        condition: { field: 'spec.serviceAccounts.attach', equals: 'Named' },
      }),
    }),
  ),
  {
    id: 'service-account-names-missing',
    cel: "self.attach != 'Named' || (has(self.names) && self.names.size() > 0)",
    message:
      'names is empty, but attach is Named: list the ServiceAccounts in names, or choose another attach',
    at: ['names'],
    reason: 'FieldValueRequired',
    check: ({ attach, names }) => attach !== 'Named' || Boolean(names?.length),
  },
  {
    id: 'service-account-names-unused',
    cel: "self.attach == 'Named' || !has(self.names) || self.names.size() == 0",
    message: 'names is only used when attach is Named: remove names, or set attach to Named',
    at: ['names'],
    reason: 'FieldValueForbidden',
    check: ({ attach, names }) => attach === 'Named' || !names?.length,
  },
)
