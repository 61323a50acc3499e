// What Rancher's webhook does for namespaces, as an admission policy: the annotation of a project is guarded.
import type { ControlPlane } from './control-plane.ts'
import { projectKey } from './rancher.ts'

const policyName = 'testbed-rancher-webhook'

/**
 * Guards the project annotation as Rancher's webhook does: who sets or changes it needs the verb manage-namespaces on
 * the new project. As there, removing it is free and the label is not looked at. Without this call a control plane is
 * like a cluster whose webhook is down. Waits until the policy is in force.
 */
export async function guardProjectAnnotation(plane: ControlPlane): Promise<void> {
  await plane.apply(policy)
  // A server-side dry run as somebody who may create namespaces but is in no project.
  const probe = { metadata: { name: policyName, annotations: { [projectKey]: 'c-probe:p-probe' } } }
  const headers = { 'impersonate-user': policyName }
  await plane.processes.apiServer.untilReady(async () => {
    const answer = await plane.request('admin', 'POST', '/api/v1/namespaces?dryRun=All', probe, headers)
    return answer.status === 403 && JSON.stringify(answer.body).includes('manage-namespaces')
  })
}

const policy = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: ${policyName}}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
    - {apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [namespaces]}
  variables:
  - name: after
    expression: "object.metadata.?annotations[?'${projectKey}'].orValue('')"
  - name: before
    expression: "oldObject == null ? '' : oldObject.metadata.?annotations[?'${projectKey}'].orValue('')"
  validations:
  - expression: >-
      variables.after == '' || variables.after == variables.before ||
      authorizer.group('management.cattle.io').resource('projects')
      .name(variables.after.split(':')[variables.after.split(':').size() - 1]).check('manage-namespaces').allowed()
    message: the user does not have the permission manage-namespaces on the project
    reason: Forbidden
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: ${policyName}}
spec: {policyName: ${policyName}, validationActions: [Deny]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: ${policyName}-probe}
rules:
- {apiGroups: [""], resources: [namespaces], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: ${policyName}-probe}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ${policyName}-probe}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: ${policyName}}
`
