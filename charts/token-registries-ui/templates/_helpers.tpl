{{- /* Every object has this name: there is one installation, and a second one shall fail loudly. */ -}}
{{- define "token-registries-ui.name" -}}
token-registries-ui
{{- end }}

{{- /* Name of the extension, as in its bundle. Rancher's Extensions page finds chart and release by it: all three are one. */ -}}
{{- define "token-registries-ui.plugin" -}}
token-registries-ui
{{- end }}

{{- /* What its files are called, and their folder. */ -}}
{{- define "token-registries-ui.bundle" -}}
{{ include "token-registries-ui.plugin" . }}-{{ .Chart.AppVersion }}
{{- end }}

{{- /* With `.svc`, which Rancher's NO_PROXY has: Rancher would ask its proxy for a shorter name. */ -}}
{{- define "token-registries-ui.endpoint" -}}
http://{{ include "token-registries-ui.name" . }}.{{ .Release.Namespace }}.svc:8080/plugin/{{ include "token-registries-ui.bundle" . }}
{{- end }}

{{- define "token-registries-ui.selectorLabels" -}}
app.kubernetes.io/name: token-registries
app.kubernetes.io/component: ui
{{- end }}

{{- define "token-registries-ui.labels" -}}
{{ include "token-registries-ui.selectorLabels" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_") }}
{{- end }}

{{- define "token-registries-ui.image" -}}
{{- with .Values.global.cattle.systemDefaultRegistry }}{{ trimSuffix "/" . }}/{{ end -}}
{{- .Values.image.repository -}}
{{- if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end -}}
{{- end }}
