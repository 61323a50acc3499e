{{- /* Start of every policy on our own kinds. A policy looks only when the spec is new or changes: a label, an annotation
(refresh now) or a status stays writable whatever the administrator's policy says meanwhile. */ -}}
{{- define "token-registries.policy.ours" -}}
failurePolicy: Fail
matchConstraints:
  resourceRules:
    - apiGroups: [tokenregistries.io]
      apiVersions: [v1alpha1]
      operations: [CREATE, UPDATE]
      resources: [{{ . }}]
matchConditions:
  - name: spec-changes
    expression: request.operation == 'CREATE' || object.spec != oldObject.spec
{{- end }}

{{- /* Start of every policy on the writes of the server's own user. It has no paramKind, and must never get one: a missing
parameter would refuse the writes of everybody in the cluster. */ -}}
{{- define "token-registries.policy.own" -}}
failurePolicy: Fail
matchConditions:
  - name: the-server-itself
    expression: request.userInfo.username == '{{ include "token-registries.username" . }}'
{{- end }}

{{- /* A list or map of values as a CEL literal (JSON is one), quoted for YAML. */ -}}
{{- define "token-registries.policy.literal" -}}
{{- $literal := toJson . }}
{{- if gt (len $literal) 95000 }}
{{- fail "policy: a list is too long for an admission policy (95,000 characters). Use fewer entries, for example ARNs that end in *." }}
{{- end }}
{{- toJson $literal }}
{{- end }}
