{{/* What objects are called, and how they are found. */}}

{{- define "mastodon.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The beginning of every object's name. A release that is called after the chart is not named twice. */}}
{{- define "mastodon.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- $both := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) }}
{{- default $both .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/*
Mappings laid over one another, the last one wins; every member becomes a text, as labels and annotations are. One that
is null is left out.
*/}}
{{- define "mastodon.texts" -}}
{{- $all := dict }}
{{- range . }}
{{- range $name, $value := . }}
{{- if not (kindIs "invalid" $value) }}
{{- $_ := set $all $name (toString $value) }}
{{- end }}
{{- end }}
{{- end }}
{{- $lines := list }}
{{- range $name, $text := $all }}
{{- $lines = append $lines (printf "%s: %s" (toYaml $name) (quote $text)) }}
{{- end }}
{{- join "\n" $lines }}
{{- end }}

{{/* The labels by which an installation is found. They can never change: selectors are made of them. */}}
{{- define "mastodon.selector" -}}
app.kubernetes.io/name: {{ include "mastodon.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* The labels of a component's pods. `(list root component)`; streaming is the one that is not Rails. */}}
{{- define "mastodon.component" -}}
{{ include "mastodon.selector" (index . 0) }}
app.kubernetes.io/component: {{ index . 1 | quote }}
{{- if ne (index . 1) "streaming" }}
app.kubernetes.io/part-of: rails
{{- end }}
{{- end }}

{{/* The labels of every object. `(list root more...)`: mappings of the caller's, which win over `.Values.labels`. */}}
{{- define "mastodon.labels" -}}
{{- $root := index . 0 }}
{{- $own := fromYaml (include "mastodon.selector" $root) }}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63) }}
{{- $_ = set $own "app.kubernetes.io/managed-by" $root.Release.Service }}
{{- /* A digest is no part of a version, and a label cannot hold one. */}}
{{- $version := default $root.Chart.AppVersion (regexReplaceAll "@.*$" (default "" $root.Values.image.tag | toString) "") }}
{{- $_ = set $own "app.kubernetes.io/version" ($version | trunc 63) }}
{{- include "mastodon.texts" (concat (list $root.Values.labels) (rest .) (list $own)) }}
{{- end }}

{{/* Annotations of a hook: `(list events weight more...)`. */}}
{{- define "mastodon.hook" -}}
{{- $hook := dict "helm.sh/hook" (index . 0) "helm.sh/hook-weight" (index . 1) }}
{{- $_ := set $hook "helm.sh/hook-delete-policy" "before-hook-creation,hook-succeeded" }}
{{- include "mastodon.texts" (concat (slice . 2) (list $hook)) }}
{{- end }}

{{- define "mastodon.account" -}}
{{- default (empty .Values.serviceAccount.create | ternary "default" (include "mastodon.fullname" .)) .Values.serviceAccount.name }}
{{- end }}

{{/* The account of the jobs that run before the release's own objects exist. */}}
{{- define "mastodon.earlyAccount" -}}
{{- include "mastodon.account" . }}{{ if .Values.serviceAccount.create }}-predeploy{{ end }}
{{- end }}

{{/* The claim of `assets` or `system`: `(list root which)`. */}}
{{- define "mastodon.claim" -}}
{{- $root := index . 0 }}
{{- $claim := index $root.Values.mastodon.pvc (index . 1) }}
{{- default (printf "%s-%s" (include "mastodon.fullname" $root) (index . 1)) $claim.existingClaim }}
{{- end }}
