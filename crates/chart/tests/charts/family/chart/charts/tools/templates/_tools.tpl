{{ define "tools.greeting" }}hello {{ .Release.Name }}{{ end }}
