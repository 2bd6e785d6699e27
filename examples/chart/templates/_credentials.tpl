{{/*
Every Secret there can be: where its values stand (`section`), what it is called where no existingSecret is named
(`suffix`), whether the installation has use for it, and which containers read which of its keys under which names.
An entry's `value` names the member of the section and of its existingSecretKeys alike; `key` is the key in a Secret
that the chart makes. `early` Secrets are made a second time, as hooks, for the jobs that run before the release; what
is not early, migrations only read from a Secret that is there already, or they would wait for it forever.
*/}}
{{- define "mastodon.credentials" -}}
{{- $mastodon := .Values.mastodon }}
{{- $replica := .Values.postgresql.readReplica }}
- section: [mastodon, secrets]
  suffix: secrets
  wanted: true
  early: true
  readers: [web, sidekiq, streaming, database, admin, search]
  entries:
    - {variable: SECRET_KEY_BASE, value: secretKeyBase, key: secret-key-base}
    - {variable: VAPID_PRIVATE_KEY, value: vapidPrivateKey, key: vapid-private-key}
    - {variable: VAPID_PUBLIC_KEY, value: vapidPublicKey, key: vapid-public-key}
    - {variable: ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY, value: arePrimaryKey, key: are-primary-key}
    - {variable: ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY, value: areDeterministicKey, key: are-deterministic-key}
    - {variable: ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT, value: areKeyDerivationSalt, key: are-derivation-salt}
- section: [mastodon, s3]
  suffix: s3-auth
  wanted: {{ $mastodon.s3.enabled }}
  readers: [web, sidekiq]
  entries:
    - {variable: AWS_ACCESS_KEY_ID, value: accessKeyId, key: access-key-id}
    - {variable: AWS_SECRET_ACCESS_KEY, value: secretAccessKey, key: secret-access-key}
- section: [postgresql]
  suffix: postgres-auth
  type: kubernetes.io/basic-auth
  wanted: true
  early: true
  readers: [web, sidekiq, streaming, database, admin, search]
  entries:
    - {variable: DB_USER, value: username, key: username}
    - {variable: DB_PASS, value: password, key: password}
- section: [postgresql, readReplica]
  suffix: postgres-replica-auth
  type: kubernetes.io/basic-auth
  wanted: {{ or $replica.existingSecret (and $replica.hostname $replica.username) | not | not }}
  readers: [web, sidekiq, streaming, admin, search{{ if $replica.existingSecret }}, database{{ end }}]
  entries:
    - {variable: REPLICA_DB_USER, value: username, key: username}
    - {variable: REPLICA_DB_PASS, value: password, key: password}
- section: [redis]
  suffix: redis-auth
  type: kubernetes.io/basic-auth
  wanted: true
  early: true
  readers: [web, sidekiq, streaming, database, admin, search]
  entries:
    - {variable: REDIS_PASSWORD, value: password, key: password}
- section: [redis, sidekiq]
  suffix: redis-sidekiq-auth
  type: kubernetes.io/basic-auth
  wanted: {{ .Values.redis.sidekiq.enabled }}
  early: true
  readers: [web, sidekiq, streaming, database, admin, search]
  entries:
    - {variable: SIDEKIQ_REDIS_PASSWORD, value: password, key: password}
- section: [redis, cache]
  suffix: redis-cache-auth
  type: kubernetes.io/basic-auth
  wanted: {{ .Values.redis.cache.enabled }}
  early: true
  readers: [web, sidekiq, streaming, database, admin, search]
  entries:
    - {variable: CACHE_REDIS_PASSWORD, value: password, key: password}
- section: [mastodon, smtp]
  suffix: smtp-auth
  type: kubernetes.io/basic-auth
  wanted: true
  readers: [sidekiq]
  entries:
    - {variable: SMTP_LOGIN, value: username, key: username}
    - {variable: SMTP_PASSWORD, value: password, key: password}
- section: [mastodon, smtp, bulk]
  suffix: smtp-bulk-auth
  type: kubernetes.io/basic-auth
  wanted: {{ $mastodon.smtp.bulk.enabled }}
  readers: [sidekiq]
  entries:
    - {variable: BULK_SMTP_LOGIN, value: username, key: username}
    - {variable: BULK_SMTP_PASSWORD, value: password, key: password}
- section: [externalAuth, ldap]
  suffix: ldap-auth
  type: kubernetes.io/basic-auth
  wanted: {{ .Values.externalAuth.ldap.enabled }}
  readers: [web, sidekiq, streaming, search{{ if .Values.externalAuth.ldap.existingSecret }}, database{{ end }}]
  entries:
    - {variable: LDAP_PASSWORD, value: password, key: password}
- section: [elasticsearch]
  suffix: elasticsearch-auth
  type: kubernetes.io/basic-auth
  wanted: {{ .Values.elasticsearch.enabled }}
  readers: [web, sidekiq, search]
  entries:
    - {variable: ES_USER, value: username, key: username}
    - {variable: ES_PASS, value: password, key: password}
- section: [mastodon, deepl]
  suffix: deepl-auth
  wanted: {{ $mastodon.deepl.enabled }}
  readers: [web, sidekiq]
  entries:
    - {variable: DEEPL_API_KEY, value: apiKey, key: api-key}
- section: [mastodon, hcaptcha]
  suffix: hcaptcha-auth
  wanted: {{ $mastodon.hcaptcha.enabled }}
  readers: [web]
  entries:
    - {variable: HCAPTCHA_SECRET_KEY, value: apiKey, key: api-key}
- section: [mastodon, cacheBuster]
  suffix: cachebuster-auth
  wanted: {{ $mastodon.cacheBuster.enabled }}
  readers: [web, sidekiq]
  entries:
    - {variable: CACHE_BUSTER_SECRET, value: authToken, key: auth-token}
- section: [externalAuth, oidc]
  suffix: oidc-auth
  wanted: {{ .Values.externalAuth.oidc.enabled }}
  readers: [web]
  entries:
    - {variable: OIDC_CLIENT_ID, value: clientId, key: client-id}
    - {variable: OIDC_CLIENT_SECRET, value: clientSecret, key: client-secret}
- section: [mastodon, streaming, extraCerts]
  suffix: streaming-cert
  wanted: {{ $mastodon.streaming.extraCerts.caCert | not | not }}
  readers: []
  entries:
    - {value: caCert, key: ca.crt}
{{- end }}

{{/* The section of the values that a credential of the table above is about, as JSON: `(list root credential)`. */}}
{{- define "mastodon.section" -}}
{{- $section := (index . 0).Values }}
{{- range (index . 1).section }}
{{- $section = index $section . }}
{{- end }}
{{- toJson $section }}
{{- end }}

{{/*
What a container reads from Secrets. `root`, the `reader`, whether it runs `early`, and `but`: variables that the user
gives to the container directly, and that are therefore left out.
*/}}
{{- define "mastodon.secretEnv" -}}
{{- $asked := . }}
{{- $fullname := include "mastodon.fullname" .root }}
{{- range fromYamlArray (include "mastodon.credentials" .root) }}
{{- if and .wanted (has $asked.reader .readers) }}
{{- $section := fromJson (include "mastodon.section" (list $asked.root .)) }}
{{- $made := printf "%s-%s%s" $fullname .suffix (and .early $asked.early | empty | ternary "" "-predeploy") }}
{{- range .entries }}
{{- if not (hasKey $asked.but .variable) }}
- name: {{ .variable }}
  valueFrom:
    secretKeyRef:
      name: {{ default $made $section.existingSecret }}
      key: {{ if $section.existingSecret }}{{ get $section.existingSecretKeys .value }}{{ else }}{{ .key }}{{ end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
