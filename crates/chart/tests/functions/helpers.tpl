{{- define "named" -}}
{{ .Values.name }} at {{ .Release.Name }}
{{- end -}}
{{- define "recursive" -}}
{{- if gt (int .) 0 -}}{{ . }}{{ include "recursive" (sub . 1) }}{{- end -}}
{{- end -}}
{{- define "nothing" }}{{ end -}}
{{- define "forever" -}}x{{ include "forever" . }}{{- end -}}
