{{- /* Every object of the server has this name: there is one installation per cluster, and a second one shall fail loudly. */ -}}
{{- define "token-registries.name" -}}
token-registries
{{- end }}

{{- /* Fixed names that the server, the policies and the documentation share. */ -}}
{{- define "token-registries.policyConfigMap" -}}
token-registries-policy
{{- end }}

{{- define "token-registries.selectorLabels" -}}
app.kubernetes.io/name: token-registries
app.kubernetes.io/component: server
{{- end }}

{{- define "token-registries.labels" -}}
{{ include "token-registries.selectorLabels" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_") }}
{{- end }}

{{- define "token-registries.image" -}}
{{- with .Values.global.cattle.systemDefaultRegistry }}{{ trimSuffix "/" . }}/{{ end -}}
{{- .Values.image.repository -}}
{{- if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end -}}
{{- end }}

{{- /* The server as the API server sees it in request.userInfo.username. */ -}}
{{- define "token-registries.username" -}}
system:serviceaccount:{{ .Release.Namespace }}:{{ .Values.serviceAccount.name }}
{{- end }}

{{- /* The rights on Secrets and ServiceAccounts where they are given whole: in the cluster, or in a namespace. */ -}}
{{- define "token-registries.rules.everything" -}}
- apiGroups: ['']
  resources: [secrets]
  verbs: [get, list, watch, create, patch, update, delete]
- apiGroups: ['']
  resources: [serviceaccounts]
  verbs: [get, list, watch, patch]
{{- if .Values.rbac.serviceAccountTokens }}
- apiGroups: ['']
  resources: [serviceaccounts/token]
  verbs: [create]
{{- end }}
{{- end }}

{{- /* Of each entry of rbac.named the names in one of its lists, as "<namespace>/<name>" with spaces between. */ -}}
{{- define "token-registries.named" -}}
{{- $words := list }}
{{- range $entry := .entries }}
{{- range index $entry $.list }}{{ $words = append $words (printf "%s/%s" $entry.namespace .) }}{{ end }}
{{- end }}
{{- join " " $words }}
{{- end }}

{{- /* policy.serverIdentity as JSON, each list a list: Rancher's form can only ask for a text with spaces between. */ -}}
{{- define "token-registries.serverIdentity" -}}
{{- $given := .Values.policy.serverIdentity }}
{{- $result := dict "namespaces" dict "projects" dict }}
{{- range $group := list "namespaces" "projects" }}
{{- range $key, $allowed := get $given $group }}
{{- $_ := set (get $result $group) $key (include "token-registries.words" $allowed | fromJsonArray) }}
{{- end }}
{{- end }}
{{- $_ := set $result "cluster" (include "token-registries.words" $given.cluster | fromJsonArray) }}
{{- toJson $result }}
{{- end }}

{{- define "token-registries.words" -}}
{{- if kindIs "string" . }}{{ regexSplit "\\s+" . -1 | compact | toJson }}{{ else }}{{ . | default list | toJson }}{{ end }}
{{- end }}
