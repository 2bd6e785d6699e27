{{ define "shared.name" }}from the child{{ end }}
