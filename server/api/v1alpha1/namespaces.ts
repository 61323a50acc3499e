import * as z from 'zod'
import { list, set, stringMap } from '../schema/collections.ts'
import { field, named } from '../schema/field.ts'
import { labelKey, labelValue, namespaceGlob, projectId } from '../schema/formats.ts'
import { withRules } from '../schema/rule.ts'
import { keySyntax } from './secret.ts'

const expression = withRules(
  named(
    'LabelExpression',
    z.strictObject({
      key: field(labelKey, {
        label: 'Label',
        help: 'The label that the expression looks at.',
        example: 'team',
        order: 1,
      }),
      operator: field(z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']), {
        label: 'Operator',
        help: 'How the label is compared with values.',
        example: 'In',
        order: 2,
      }),
      values: field(set(labelValue, { max: 50 }).optional(), {
        label: 'Values',
        help: 'The values for In and NotIn.',
        example: ['checkout', 'search'],
        order: 3,
      }),
    }),
  ),
  {
    id: 'expression-values-missing',
    cel: "!(self.operator in ['In', 'NotIn']) || (has(self.values) && self.values.size() > 0)",
    message: 'values is empty, but the operators In and NotIn compare with values: list at least one',
    at: ['values'],
    reason: 'FieldValueRequired',
    check: ({ operator, values }) => !['In', 'NotIn'].includes(operator) || Boolean(values?.length),
  },
  {
    id: 'expression-values-unused',
    cel: "self.operator in ['In', 'NotIn'] || !has(self.values) || self.values.size() == 0",
    message: 'values is not used by the operators Exists and DoesNotExist: remove values',
    at: ['values'],
    reason: 'FieldValueForbidden',
    check: ({ operator, values }) => ['In', 'NotIn'].includes(operator) || !values?.length,
  },
)

const selector = named(
  'NamespaceSelector',
  z
    .strictObject({
      matchLabels: field(
        withRules(
          stringMap(labelValue, { min: 1, max: 20 }),
          keySyntax('match-label-key-syntax', 'matchLabels'),
        ).optional(),
        {
          label: 'Labels',
          help: 'Labels that a namespace must have with exactly these values.',
          example: { environment: 'production' },
          order: 1,
        },
      ),
      matchExpressions: field(list(expression, { min: 1, max: 20 }).optional(), {
        label: 'Expressions',
        help: 'Further conditions on labels. All of them must hold.',
        order: 2,
      }),
    })
    .refine(
      ({ matchLabels, matchExpressions }) => matchLabels !== undefined || matchExpressions !== undefined,
      {
        message: 'selector is empty: give matchLabels or matchExpressions',
      },
    )
    .meta({ minProperties: 1 }),
)

/** spec.namespaces of a ClusterTokenRegistry. The parts that are present are ANDed; exclude always wins. */
export const namespacesSchema = withRules(
  named(
    'Namespaces',
    z.strictObject({
      projects: field(set(projectId, { min: 1, max: 100 }).optional(), {
        label: 'Projects',
        help: 'Rancher projects whose namespaces are served, as <cluster id>:<project id>. Rancher guards which namespaces belong to a project, so this is the safe selection.',
        example: ['c-m-4xk8d2ql:p-7hj2k'],
        order: 1,
      }),
      selector: field(selector.optional(), {
        label: 'Namespace labels',
        help: 'Namespaces with these labels. Whoever may create or label a namespace can make it match.',
        order: 2,
      }),
      names: field(set(namespaceGlob, { min: 1, max: 100 }).optional(), {
        label: 'Namespace names',
        help: 'Namespaces with these names; "*" stands for any number of characters. System namespaces (kube-*, cattle-*) are served only when they are named without "*".',
        example: ['shop-*'],
        order: 3,
      }),
      exclude: field(set(namespaceGlob, { max: 100 }).optional(), {
        label: 'Except',
        help: 'Namespaces that are never served, whatever the other fields say.',
        example: ['shop-sandbox-*'],
        order: 4,
      }),
      trustLabelsAndNames: field(z.boolean().default(false), {
        label: 'Trust labels and names',
        help: 'Says that you accept that anyone who may create or label a namespace can get the pull Secret. Needed when projects is absent.',
        example: true,
        order: 5,
      }),
    }),
  ),
  {
    id: 'namespaces-selection-missing',
    cel: 'has(self.projects) || has(self.selector) || has(self.names)',
    message: 'namespaces selects nothing: give at least one of projects, selector and names',
    reason: 'FieldValueRequired',
    check: ({ projects, selector, names }) => Boolean(projects ?? selector ?? names),
  },
  {
    id: 'namespaces-trust-missing',
    cel: 'has(self.projects) || self.trustLabelsAndNames',
    message:
      'trustLabelsAndNames must be true when projects is absent: labels and names of namespaces are in the hands of their users',
    at: ['trustLabelsAndNames'],
    check: ({ projects, trustLabelsAndNames }) => projects !== undefined || trustLabelsAndNames,
  },
)
