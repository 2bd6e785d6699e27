{{/* A comment
over lines */}}
{{- /* trimmed */ -}}
{{- define "language.name" -}}
{{- .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end }}
{{ define "language.labels" -}}
app: {{ include "language.name" . }}
{{- with .Values.extra }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{ define "twice" }}first{{ end }}
