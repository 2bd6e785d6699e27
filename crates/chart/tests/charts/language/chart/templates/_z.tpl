{{ define "twice" }}second{{ end }}
{{ define "blank" }}
{{ end }}
{{ define "blank" }}not blank{{ end }}
