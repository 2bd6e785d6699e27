{{/* The member `key` of the nearest of `layers` that has one: `(list key layers)`. Nothing where none has. */}}
{{- define "mastodon.nearest" -}}
{{- $key := index . 0 }}
{{- $found := "" }}
{{- range index . 1 }}
{{- $found = $found | default (get . $key) }}
{{- end }}
{{- if $found }}
{{- toYaml $found }}
{{- end }}
{{- end }}

{{/* The image of a component: `(list root layers)`, every layer with an `image`. */}}
{{- define "mastodon.image" -}}
{{- $root := index . 0 }}
{{- $repository := "" }}
{{- $tag := "" }}
{{- range index . 1 }}
{{- if .image }}
{{- $repository = $repository | default .image.repository }}
{{- $tag = $tag | default .image.tag }}
{{- end }}
{{- end }}
{{- printf "%s:%s" $repository ($tag | default $root.Chart.AppVersion | toString) | quote }}
{{- end }}

{{/* What all containers of Mastodon have: `root`, `layers`, and the name of the ConfigMap with their settings. */}}
{{- define "mastodon.container" -}}
image: {{ include "mastodon.image" (list .root .layers) }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
envFrom:
  - configMapRef:
      name: {{ include "mastodon.fullname" .root }}-{{ .settings | default "env" }}
  {{- with .root.Values.mastodon.extraEnvFrom }}
  - configMapRef:
      name: {{ . }}
  {{- end }}
{{- with include "mastodon.nearest" (list "securityContext" .layers) }}
securityContext:
  {{- . | nindent 2 }}
{{- end }}
{{- with include "mastodon.nearest" (list "resources" .layers) }}
resources:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}

{{/*
The environment of a container: Secrets first, so that what follows can speak of them as $(NAME), then the chart's own
variables with the user's on top. `root`, `reader`, `early`, `own` and `more`.
*/}}
{{- define "mastodon.env" -}}
{{- $plain := fromYaml (include "mastodon.texts" (list .own .more)) }}
{{- $but := .more | default dict }}
{{- include "mastodon.secretEnv" (dict "root" .root "reader" .reader "early" .early "but" $but) }}
{{- range $name, $value := $plain }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{/* What all pods have: `root`, the `account`, and `layers`. */}}
{{- define "mastodon.pod" -}}
serviceAccountName: {{ .account }}
{{- range $key := list "imagePullSecrets" "hostAliases" }}
{{- with index $.root.Values $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- with include "mastodon.nearest" (list "podSecurityContext" .layers) }}
securityContext:
  {{- . | nindent 2 }}
{{- end }}
{{- with include "mastodon.nearest" (list "nodeSelector" .layers) }}
nodeSelector:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Volumes of a component and where they are mounted: `volumes` and `mounts`, as JSON. `(list root component)`. */}}
{{- define "mastodon.volumes" -}}
{{- $root := index . 0 }}
{{- $component := index . 1 }}
{{- $volumes := list }}
{{- $mounts := list }}
{{- if has $component (list "web" "sidekiq" "streaming") }}
{{- $volumes = $root.Values.volumes | default list }}
{{- $mounts = $root.Values.volumeMounts | default list }}
{{- end }}
{{- $authority := $root.Values.elasticsearch.caSecret }}
{{- if and $root.Values.elasticsearch.enabled $authority.name (has $component (list "web" "sidekiq" "search")) }}
{{- $secret := dict "secretName" $authority.name "items" (list (dict "key" $authority.key "path" "ca.crt")) }}
{{- $volumes = append $volumes (dict "name" "elasticsearch-ca" "secret" $secret) }}
{{- $mount := dict "name" "elasticsearch-ca" "mountPath" $authority.mountPath "subPath" "ca.crt" "readOnly" true }}
{{- $mounts = append $mounts $mount }}
{{- end }}
{{- if and $root.Values.mastodon.pvc.enabled (has $component (list "web" "sidekiq" "admin" "search")) }}
{{- range list "assets" "system" }}
{{- $claim := dict "claimName" (include "mastodon.claim" (list $root .)) }}
{{- $volumes = append $volumes (dict "name" . "persistentVolumeClaim" $claim) }}
{{- $mounts = append $mounts (dict "name" . "mountPath" (printf "/opt/mastodon/public/%s" .)) }}
{{- end }}
{{- end }}
{{- $certs := $root.Values.mastodon.streaming.extraCerts }}
{{- if and (eq $component "streaming") (or $certs.caCert $certs.existingSecret) }}
{{- $name := default (printf "%s-streaming-cert" (include "mastodon.fullname" $root)) $certs.existingSecret }}
{{- $key := empty $certs.existingSecret | ternary "ca.crt" $certs.existingSecretKeys.caCert }}
{{- $secret := dict "secretName" $name "items" (list (dict "key" $key "path" $certs.mountFile)) }}
{{- $volumes = append $volumes (dict "name" $certs.mountName "secret" $secret) }}
{{- $mounts = append $mounts (dict "name" $certs.mountName "mountPath" $certs.mountPath) }}
{{- end }}
{{- toJson (dict "volumes" $volumes "mounts" $mounts) }}
{{- end }}

{{/* OpenTelemetry, where it is on for a component: its `otel`, over that of all. `(list root own)`. */}}
{{- define "mastodon.otel" -}}
{{- $all := (index . 0).Values.mastodon.otel }}
{{- $own := (index . 1) | default dict }}
{{- $on := $all.enabled }}
{{- if or $own.enabled (kindIs "bool" $own.enabled) }}
{{- $on = $own.enabled }}
{{- end }}
{{- if $on }}
OTEL_EXPORTER_OTLP_ENDPOINT: {{ coalesce $own.endpointUri $all.endpointUri | quote }}
OTEL_SERVICE_NAME_PREFIX: {{ coalesce $own.namePrefix $all.namePrefix | quote }}
OTEL_SERVICE_NAME_SEPARATOR: {{ coalesce $own.nameSeparator $all.nameSeparator | quote }}
{{- end }}
{{- end }}

{{/*
A Deployment: `root`, the `component`, its `layers` of values (nearest first), the `section` of the values with its
labels and annotations, its `replicas`, `volumes`, and its `containers` as text.
*/}}
{{- define "mastodon.deployment" -}}
{{- $values := .root.Values }}
{{- $component := fromYaml (include "mastodon.component" (list .root .component)) }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "mastodon.fullname" .root }}-{{ .component }}
  labels:
    {{- include "mastodon.labels" (list .root .section.labels .labels) | nindent 4 }}
  {{- with include "mastodon.texts" (list $values.deploymentAnnotations .section.annotations) }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
spec:
  replicas: {{ .replicas }}
  {{- if not (kindIs "invalid" $values.mastodon.revisionHistoryLimit) }}
  revisionHistoryLimit: {{ $values.mastodon.revisionHistoryLimit }}
  {{- end }}
  {{- with .section.updateStrategy }}
  strategy:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  selector:
    matchLabels:
      {{- toYaml $component | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "mastodon.texts" (list $values.labels $values.podLabels .section.podLabels $component) | nindent 8 }}
      {{- $rolling := dict "checksum/config-configmap" (include "mastodon.environment" .root | sha256sum) }}
      {{- if $values.revisionPodAnnotation }}
      {{- $_ := set $rolling "rollme" .root.Release.Revision }}
      {{- end }}
      annotations:
        {{- include "mastodon.texts" (list $values.podAnnotations $rolling .section.podAnnotations) | nindent 8 }}
    spec:
      {{- $account := include "mastodon.account" .root }}
      {{- include "mastodon.pod" (dict "root" .root "account" $account "layers" .layers) | nindent 6 }}
      {{- range $key := list "affinity" "topologySpreadConstraints" "tolerations" }}
      {{- with include "mastodon.nearest" (list $key $.layers) }}
      {{ $key }}:
        {{- . | nindent 8 }}
      {{- end }}
      {{- end }}
      {{- with .volumes }}
      volumes:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        {{- .containers | nindent 8 }}
{{- end }}

{{/*
A Job that Helm runs: `root`, its `name`, the hook's `events` and `weight`, the `command`, and which `settings` and
Secrets (`reader`, `early`) its container gets. `own` variables, `section` with its nodeSelector and resources.
*/}}
{{- define "mastodon.job" -}}
{{- $name := printf "%s-%s" (include "mastodon.fullname" .root) .name }}
{{- $account := include (empty .early | ternary "mastodon.account" "mastodon.earlyAccount") .root }}
{{- $place := dict "nodeSelector" (coalesce .section.nodeSelector .root.Values.nodeSelector) }}
{{- $_ := set $place "podSecurityContext" .root.Values.podSecurityContext }}
{{- $inside := pick .root.Values "image" "securityContext" }}
{{- $_ = set $inside "resources" .section.resources }}
{{- $stored := fromJson (include "mastodon.volumes" (list .root .reader)) }}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ $name }}
  labels:
    {{- include "mastodon.labels" (list .root .root.Values.jobLabels) | nindent 4 }}
  annotations:
    {{- include "mastodon.hook" (list .events .weight) | nindent 4 }}
spec:
  template:
    metadata:
      name: {{ $name }}
      {{- with include "mastodon.texts" (list .root.Values.jobAnnotations) }}
      annotations:
        {{- . | nindent 8 }}
      {{- end }}
    spec:
      restartPolicy: Never
      {{- include "mastodon.pod" (dict "root" .root "account" $account "layers" (list $place)) | nindent 6 }}
      {{- if $stored.volumes }}
      volumes:
        {{- toYaml $stored.volumes | nindent 8 }}
      {{- end }}
      containers:
        - name: {{ $name }}
          command:
            {{- toYaml .command | nindent 12 }}
          {{- include "mastodon.container" (dict "root" .root "layers" (list $inside) "settings" .settings) | nindent 10 }}
          env:
            {{- include "mastodon.env" (dict "root" .root "reader" .reader "early" .early "own" .own "more" dict) | nindent 12 }}
          {{- if $stored.mounts }}
          volumeMounts:
            {{- toYaml $stored.mounts | nindent 12 }}
          {{- end }}
{{- end }}
