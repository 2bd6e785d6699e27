{{/* Settings of Mastodon, by subject. What comes out empty is not set, so Mastodon's own default holds. */}}

{{- define "mastodon.settings.general" -}}
{{- $m := .Values.mastodon }}
TZ: {{ .Values.timezone | quote }}
LOCAL_DOMAIN: {{ $m.localDomain | quote }}
WEB_DOMAIN: {{ $m.webDomain | quote }}
DEFAULT_LOCALE: {{ $m.locale | quote }}
ALTERNATE_DOMAINS: {{ join "," $m.alternateDomains | quote }}
TRUSTED_PROXY_IP: {{ $m.trustedProxyIp | quote }}
SINGLE_USER_MODE: {{ if $m.singleUserMode }}"true"{{ end }}
AUTHORIZED_FETCH: {{ if $m.authorizedFetch }}{{ $m.authorizedFetch | quote }}{{ end }}
LIMITED_FEDERATION_MODE: {{ if $m.limitedFederationMode }}{{ $m.limitedFederationMode | quote }}{{ end }}
RAILS_LOG_LEVEL: {{ $m.logLevel.rails | quote }}
LOG_LEVEL: {{ $m.logLevel.streaming | quote }}
MALLOC_ARENA_MAX: "2"
NODE_ENV: production
RAILS_ENV: production
STREAMING_CLUSTER_NUM: {{ $m.streaming.workers | quote }}
STREAMING_API_BASE_URL: {{ $m.streaming.baseUrl | quote }}
{{- if $m.deepl.enabled }}
DEEPL_PLAN: {{ $m.deepl.plan | quote }}
{{- end }}
{{- if $m.hcaptcha.enabled }}
HCAPTCHA_SITE_KEY: {{ $m.hcaptcha.siteId | quote }}
{{- end }}
{{- end }}

{{- define "mastodon.settings.database" -}}
{{- with .Values.postgresql }}
DB_HOST: {{ required "postgresql.hostname is required" .hostname | quote }}
DB_PORT: {{ .port | quote }}
DB_NAME: {{ .database | quote }}
PREPARED_STATEMENTS: {{ .preparedStatements | quote }}
{{- with .readReplica }}
{{- if .hostname }}
REPLICA_DB_HOST: {{ .hostname | quote }}
REPLICA_DB_PORT: {{ .port | quote }}
REPLICA_DB_NAME: {{ .database | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* The database as migrations reach it: past a connection pool, which cannot run them. */}}
{{- define "mastodon.settings.directDatabase" -}}
{{- with .Values.postgresql }}
DB_HOST: {{ required "postgresql.hostname is required" (coalesce .direct.hostname .hostname) | quote }}
DB_PORT: {{ coalesce .direct.port .port | quote }}
DB_NAME: {{ coalesce .direct.database .database | quote }}
PREPARED_STATEMENTS: {{ .preparedStatements | quote }}
{{- end }}
{{- end }}

{{- define "mastodon.settings.stores" -}}
{{- with .Values.redis }}
REDIS_HOST: {{ required "redis.hostname is required" .hostname | quote }}
REDIS_PORT: {{ .port | quote }}
{{- range $name := list "sidekiq" "cache" }}
{{- with index $.Values.redis $name }}
{{- if .enabled }}
{{ upper $name }}_REDIS_HOST: {{ required (printf "redis.%s.hostname is required" $name) .hostname | quote }}
{{ upper $name }}_REDIS_PORT: {{ .port | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.elasticsearch }}
ES_ENABLED: {{ .enabled | quote }}
{{- if .enabled }}
ES_HOST: {{ required "elasticsearch.hostname is required" .hostname | printf "%s%s" (empty .tls | ternary "" "https://") | quote }}
ES_PORT: {{ .port | quote }}
ES_PRESET: {{ .preset | quote }}
ES_PREFIX: {{ .indexPrefix | quote }}
ES_CA_FILE: {{ if .caSecret.name }}{{ .caSecret.mountPath | quote }}{{ end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "mastodon.settings.media" -}}
{{- if eq (empty .Values.mastodon.s3.enabled) (empty .Values.mastodon.pvc.enabled) }}
{{- fail "media stand in one place: enable either mastodon.s3 or mastodon.pvc" }}
{{- end }}
{{- with .Values.mastodon.s3 }}
{{- if .enabled }}
S3_ENABLED: "true"
S3_BUCKET: {{ required "mastodon.s3.bucket is required" .bucket | quote }}
S3_ENDPOINT: {{ required "mastodon.s3.endpoint is required" .endpoint | quote }}
S3_HOSTNAME: {{ required "mastodon.s3.hostname is required" .hostname | quote }}
S3_PROTOCOL: {{ .protocol | quote }}
S3_REGION: {{ .region | quote }}
S3_PERMISSION: {{ .permission | quote }}
S3_ALIAS_HOST: {{ .aliasHost | quote }}
S3_MULTIPART_THRESHOLD: {{ .multipartThreshold | quote }}
S3_OVERRIDE_PATH_STYLE: {{ .overridePathStyle | quote }}
{{- end }}
{{- end }}
{{- with .Values.mastodon.cacheBuster }}
CACHE_BUSTER_ENABLED: {{ .enabled | quote }}
{{- if .enabled }}
CACHE_BUSTER_HTTP_METHOD: {{ .httpMethod | quote }}
CACHE_BUSTER_SECRET_HEADER: {{ .authHeader | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Mail, and bulk mail with the same settings under other names. */}}
{{- define "mastodon.settings.mail" -}}
{{- $smtp := .Values.mastodon.smtp }}
SMTP_DELIVERY_METHOD: {{ $smtp.deliveryMethod | quote }}
SMTP_RETURN_PATH: {{ $smtp.returnPath | quote }}
SMTP_REPLY_TO: {{ $smtp.replyTo | quote }}
{{- range $prefix, $server := empty $smtp.bulk.enabled | ternary (dict "" $smtp) (dict "" $smtp "BULK_" $smtp.bulk) }}
{{ $prefix }}SMTP_SERVER: {{ $server.server | quote }}
{{ $prefix }}SMTP_PORT: {{ $server.port | quote }}
{{ $prefix }}SMTP_DOMAIN: {{ $server.domain | quote }}
{{ $prefix }}SMTP_FROM_ADDRESS: {{ $server.fromAddress | quote }}
{{ $prefix }}SMTP_AUTH_METHOD: {{ $server.authMethod | quote }}
{{ $prefix }}SMTP_CA_FILE: {{ $server.caFile | quote }}
{{ $prefix }}SMTP_ENABLE_STARTTLS: {{ $server.enableStartTls | quote }}
{{ $prefix }}SMTP_OPENSSL_VERIFY_MODE: {{ $server.opensslVerifyMode | quote }}
{{ $prefix }}SMTP_TLS: {{ if $server.tls }}{{ $server.tls | quote }}{{ end }}
{{- end }}
{{- end }}

{{/* Logging in elsewhere. A way that is off is said to be off. */}}
{{- define "mastodon.settings.login" -}}
{{- $auth := .Values.externalAuth }}
OMNIAUTH_ONLY: {{ $auth.oauthGlobal.omniauthOnly | quote }}
{{- range $way := list "oidc" "saml" "cas" "pam" "ldap" }}
{{- with index $auth $way }}
{{ upper $way }}_ENABLED: {{ .enabled | quote }}
{{- if .enabled }}
{{- include (printf "mastodon.settings.%s" $way) . | nindent 0 }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "mastodon.settings.oidc" -}}
OIDC_DISPLAY_NAME: {{ .displayName | quote }}
OIDC_ISSUER: {{ .issuer | quote }}
OIDC_DISCOVERY: {{ .discovery | quote }}
OIDC_SCOPE: {{ .scope | quote }}
OIDC_UID_FIELD: {{ .uidField | quote }}
OIDC_REDIRECT_URI: {{ .redirectUri | quote }}
OIDC_SECURITY_ASSUME_EMAIL_IS_VERIFIED: {{ .assumeEmailIsVerified | quote }}
OIDC_CLIENT_AUTH_METHOD: {{ .clientAuthMethod | quote }}
OIDC_RESPONSE_TYPE: {{ .responseType | quote }}
OIDC_RESPONSE_MODE: {{ .responseMode | quote }}
OIDC_DISPLAY: {{ .display | quote }}
OIDC_PROMPT: {{ .prompt | quote }}
OIDC_SEND_NONCE: {{ .sendNonce | default "" | quote }}
OIDC_SEND_SCOPE_TO_TOKEN_ENDPOINT: {{ .sendScopeToTokenEndpoint | default "" | quote }}
OIDC_IDP_LOGOUT_REDIRECT_URI: {{ .idpLogoutRedirectUri | quote }}
OIDC_HTTP_SCHEME: {{ .httpScheme | quote }}
OIDC_HOST: {{ .host | quote }}
OIDC_PORT: {{ .port | quote }}
OIDC_JWKS_URI: {{ .jwksUri | quote }}
OIDC_AUTH_ENDPOINT: {{ .authEndpoint | quote }}
OIDC_TOKEN_ENDPOINT: {{ .tokenEndpoint | quote }}
OIDC_USER_INFO_ENDPOINT: {{ .userInfoEndpoint | quote }}
OIDC_END_SESSION_ENDPOINT: {{ .endSessionEndpoint | quote }}
{{- end }}

{{- define "mastodon.settings.saml" -}}
SAML_ACS_URL: {{ .acsUrl | quote }}
SAML_ISSUER: {{ .issuer | quote }}
SAML_IDP_SSO_TARGET_URL: {{ .idpSsoTargetUrl | quote }}
SAML_IDP_CERT: {{ .idpCert | quote }}
SAML_IDP_CERT_FINGERPRINT: {{ .idpCertFingerprint | quote }}
SAML_NAME_IDENTIFIER_FORMAT: {{ .nameIdentifierFormat | quote }}
SAML_CERT: {{ .cert | quote }}
SAML_PRIVATE_KEY: {{ .privateKey | quote }}
SAML_SECURITY_WANT_ASSERTION_SIGNED: {{ if .wantAssertionSigned }}{{ .wantAssertionSigned | quote }}{{ end }}
SAML_SECURITY_WANT_ASSERTION_ENCRYPTED: {{ if .wantAssertionEncrypted }}{{ .wantAssertionEncrypted | quote }}{{ end }}
SAML_SECURITY_ASSUME_EMAIL_IS_VERIFIED: {{ if .assumeEmailIsVerified }}{{ .assumeEmailIsVerified | quote }}{{ end }}
SAML_UID_ATTRIBUTE: {{ .uidAttribute | quote }}
{{- with .attributesStatements }}
SAML_ATTRIBUTES_STATEMENTS_UID: {{ .uid | quote }}
SAML_ATTRIBUTES_STATEMENTS_EMAIL: {{ .email | quote }}
SAML_ATTRIBUTES_STATEMENTS_FULL_NAME: {{ .fullName | quote }}
SAML_ATTRIBUTES_STATEMENTS_FIRST_NAME: {{ .firstName | quote }}
SAML_ATTRIBUTES_STATEMENTS_LAST_NAME: {{ .lastName | quote }}
SAML_ATTRIBUTES_STATEMENTS_VERIFIED: {{ .verified | quote }}
SAML_ATTRIBUTES_STATEMENTS_VERIFIED_EMAIL: {{ .verifiedEmail | quote }}
{{- end }}
{{- end }}

{{- define "mastodon.settings.cas" -}}
CAS_URL: {{ .url | quote }}
CAS_HOST: {{ .host | quote }}
CAS_PORT: {{ .port | quote }}
CAS_SSL: {{ .ssl | quote }}
CAS_VALIDATE_URL: {{ .validateUrl | quote }}
CAS_CALLBACK_URL: {{ .callbackUrl | quote }}
CAS_LOGOUT_URL: {{ .logoutUrl | quote }}
CAS_LOGIN_URL: {{ .loginUrl | quote }}
CAS_UID_FIELD: {{ .uidField | quote }}
CAS_CA_PATH: {{ .caPath | quote }}
CAS_DISABLE_SSL_VERIFICATION: {{ if .disableSslVerification }}{{ .disableSslVerification | quote }}{{ end }}
CAS_SECURITY_ASSUME_EMAIL_IS_VERIFIED: {{ if .assumeEmailIsVerified }}{{ .assumeEmailIsVerified | quote }}{{ end }}
{{- with .keys }}
CAS_UID_KEY: {{ .uid | quote }}
CAS_NAME_KEY: {{ .name | quote }}
CAS_EMAIL_KEY: {{ .email | quote }}
CAS_NICKNAME_KEY: {{ .nickname | quote }}
CAS_FIRST_NAME_KEY: {{ .firstName | quote }}
CAS_LAST_NAME_KEY: {{ .lastName | quote }}
CAS_LOCATION_KEY: {{ .location | quote }}
CAS_IMAGE_KEY: {{ .image | quote }}
CAS_PHONE_KEY: {{ .phone | quote }}
{{- end }}
{{- end }}

{{- define "mastodon.settings.pam" -}}
PAM_EMAIL_DOMAIN: {{ .emailDomain | quote }}
PAM_DEFAULT_SERVICE: {{ .defaultService | quote }}
PAM_CONTROLLED_SERVICE: {{ .controlledService | quote }}
{{- end }}

{{- define "mastodon.settings.ldap" -}}
LDAP_HOST: {{ .host | quote }}
LDAP_PORT: {{ .port | quote }}
LDAP_METHOD: {{ .method | quote }}
LDAP_TLS_NO_VERIFY: {{ if .tlsNoVerify }}{{ .tlsNoVerify | quote }}{{ end }}
LDAP_BASE: {{ .base | quote }}
LDAP_BIND_DN: {{ .bindDn | quote }}
LDAP_UID: {{ .uid | quote }}
LDAP_MAIL: {{ .mail | quote }}
LDAP_SEARCH_FILTER: {{ .searchFilter | quote }}
LDAP_UID_CONVERSION_ENABLED: {{ if .uidConversion.enabled }}{{ .uidConversion.enabled | quote }}{{ end }}
LDAP_UID_CONVERSION_SEARCH: {{ .uidConversion.search | quote }}
LDAP_UID_CONVERSION_REPLACE: {{ .uidConversion.replace | quote }}
{{- end }}

{{/* The data of a ConfigMap: subjects in order, without what is empty, and the user's own on top. */}}
{{- define "mastodon.settings" -}}
{{- $root := .root }}
{{- $all := dict }}
{{- range .subjects }}
{{- range $name, $value := fromYaml (include (printf "mastodon.settings.%s" .) $root) }}
{{- if $value }}
{{- $_ := set $all $name $value }}
{{- end }}
{{- end }}
{{- end }}
{{- include "mastodon.texts" (list $all .more) }}
{{- end }}

{{- define "mastodon.environment" -}}
{{- $subjects := list "general" "database" "stores" "media" "mail" "login" }}
{{- include "mastodon.settings" (dict "root" . "subjects" $subjects "more" .Values.mastodon.extraEnvVars) }}
{{- end }}
