{{- define "lighthouse.domain" -}}
{{- required "say where the light shall be seen" .Values.domain -}}
{{- end -}}
