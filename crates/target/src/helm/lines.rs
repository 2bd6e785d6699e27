//! The lines of the ConfigMap `<release>-env` and of the containers' `env` that mastodon/helm-charts writes.
//!
//! Read from `templates/_env.tpl`, `deployment-web.yaml`, `deployment-sidekiq.yaml` and `deployment-streaming.yaml` of
//! chart 1.0.2 (commit f6905d5). The oracle test holds them against what `helm template` renders.

/// When a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// Always, with the value as text.
    Always,
    /// Where the value is neither empty, zero, false nor null.
    Filled,
    /// As the text `true`, where the value is true.
    True,
    /// As `true` or `false`, always.
    Either,
    /// As this text, always.
    Fixed(&'static str),
}

/// A line: the variable, the switch that its section hangs on (empty for none), the key that it takes its text from, and
/// when it is written.
pub(crate) type Line = (&'static str, &'static str, &'static str, When);

use When::{Always, Either, Filled, Fixed, True};

const ES: &str = "elasticsearch.enabled";
const S3: &str = "mastodon.s3.enabled";
const BULK: &str = "mastodon.smtp.bulk.enabled";
const BUSTER: &str = "mastodon.cacheBuster.enabled";
const OIDC: &str = "externalAuth.oidc.enabled";
const SAML: &str = "externalAuth.saml.enabled";
const CAS: &str = "externalAuth.cas.enabled";
const PAM: &str = "externalAuth.pam.enabled";
const LDAP: &str = "externalAuth.ldap.enabled";
const REPLICA: &str = "postgresql.readReplica.hostname";
const METRICS: &str = "mastodon.metrics.prometheus.enabled";

/// The ConfigMap that web, streaming and Sidekiq share.
pub(crate) const SHARED: &[Line] = &[
    ("TZ", "", "timezone", Filled),
    ("LOCAL_DOMAIN", "", "mastodon.localDomain", Always),
    ("WEB_DOMAIN", "", "mastodon.webDomain", Filled),
    ("DEFAULT_LOCALE", "", "mastodon.locale", Filled),
    ("ALTERNATE_DOMAINS", "", "mastodon.alternateDomains", Filled),
    ("SINGLE_USER_MODE", "", "mastodon.singleUserMode", True),
    ("AUTHORIZED_FETCH", "", "mastodon.authorizedFetch", Filled),
    ("LIMITED_FEDERATION_MODE", "", "mastodon.limitedFederationMode", Filled),
    ("RAILS_LOG_LEVEL", "", "mastodon.logLevel.rails", Always),
    ("LOG_LEVEL", "", "mastodon.logLevel.streaming", Always),
    ("MALLOC_ARENA_MAX", "", "", Fixed("2")),
    ("NODE_ENV", "", "", Fixed("production")),
    ("RAILS_ENV", "", "", Fixed("production")),
    ("STREAMING_CLUSTER_NUM", "", "mastodon.streaming.workers", Always),
    ("STREAMING_API_BASE_URL", "", "mastodon.streaming.baseUrl", Filled),
    ("TRUSTED_PROXY_IP", "", "mastodon.trustedProxyIp", Filled),
    ("DEEPL_PLAN", "mastodon.deepl.enabled", "mastodon.deepl.plan", Always),
    ("HCAPTCHA_SITE_KEY", "mastodon.hcaptcha.enabled", "mastodon.hcaptcha.siteId", Always),
    ("DB_HOST", "", "postgresql.hostname", Always),
    ("DB_PORT", "", "postgresql.port", Always),
    ("DB_NAME", "", "postgresql.database", Always),
    ("PREPARED_STATEMENTS", "", "postgresql.preparedStatements", Always),
    ("REPLICA_DB_HOST", REPLICA, "postgresql.readReplica.hostname", Filled),
    ("REPLICA_DB_PORT", REPLICA, "postgresql.readReplica.port", Filled),
    ("REPLICA_DB_NAME", REPLICA, "postgresql.readReplica.database", Filled),
    ("ES_ENABLED", "", ES, Either),
    ("ES_HOST", ES, "elasticsearch.hostname", Always),
    ("ES_PRESET", ES, "elasticsearch.preset", Filled),
    ("ES_PORT", ES, "elasticsearch.port", Filled),
    ("ES_PREFIX", ES, "elasticsearch.indexPrefix", Filled),
    ("REDIS_HOST", "", "redis.hostname", Always),
    ("REDIS_PORT", "", "redis.port", Filled),
    ("SIDEKIQ_REDIS_HOST", "redis.sidekiq.enabled", "redis.sidekiq.hostname", Always),
    ("SIDEKIQ_REDIS_PORT", "redis.sidekiq.enabled", "redis.sidekiq.port", Filled),
    ("CACHE_REDIS_HOST", "redis.cache.enabled", "redis.cache.hostname", Always),
    ("CACHE_REDIS_PORT", "redis.cache.enabled", "redis.cache.port", Filled),
    ("S3_ENABLED", S3, S3, True),
    ("S3_BUCKET", S3, "mastodon.s3.bucket", Always),
    ("S3_ENDPOINT", S3, "mastodon.s3.endpoint", Always),
    ("S3_HOSTNAME", S3, "mastodon.s3.hostname", Always),
    ("S3_PROTOCOL", S3, "mastodon.s3.protocol", Always),
    ("S3_PERMISSION", S3, "mastodon.s3.permission", Filled),
    ("S3_REGION", S3, "mastodon.s3.region", Filled),
    ("S3_ALIAS_HOST", S3, "mastodon.s3.aliasHost", Filled),
    ("S3_MULTIPART_THRESHOLD", S3, "mastodon.s3.multipartThreshold", Filled),
    ("S3_OVERRIDE_PATH_STYLE", S3, "mastodon.s3.overridePathStyle", Filled),
    ("SMTP_AUTH_METHOD", "", "mastodon.smtp.authMethod", Filled),
    ("SMTP_CA_FILE", "", "mastodon.smtp.caFile", Filled),
    ("SMTP_DELIVERY_METHOD", "", "mastodon.smtp.deliveryMethod", Filled),
    ("SMTP_DOMAIN", "", "mastodon.smtp.domain", Filled),
    ("SMTP_ENABLE_STARTTLS", "", "mastodon.smtp.enableStartTls", Filled),
    ("SMTP_FROM_ADDRESS", "", "mastodon.smtp.fromAddress", Filled),
    ("SMTP_RETURN_PATH", "", "mastodon.smtp.returnPath", Filled),
    ("SMTP_OPENSSL_VERIFY_MODE", "", "mastodon.smtp.opensslVerifyMode", Filled),
    ("SMTP_PORT", "", "mastodon.smtp.port", Filled),
    ("SMTP_REPLY_TO", "", "mastodon.smtp.replyTo", Filled),
    ("SMTP_SERVER", "", "mastodon.smtp.server", Filled),
    ("SMTP_TLS", "", "mastodon.smtp.tls", Filled),
    ("BULK_SMTP_AUTH_METHOD", BULK, "mastodon.smtp.bulk.authMethod", Filled),
    ("BULK_SMTP_CA_FILE", BULK, "mastodon.smtp.bulk.caFile", Filled),
    ("BULK_SMTP_DOMAIN", BULK, "mastodon.smtp.bulk.domain", Filled),
    ("BULK_SMTP_ENABLE_STARTTLS", BULK, "mastodon.smtp.bulk.enableStartTls", Filled),
    ("BULK_SMTP_FROM_ADDRESS", BULK, "mastodon.smtp.bulk.fromAddress", Filled),
    ("BULK_SMTP_OPENSSL_VERIFY_MODE", BULK, "mastodon.smtp.bulk.opensslVerifyMode", Filled),
    ("BULK_SMTP_PORT", BULK, "mastodon.smtp.bulk.port", Filled),
    ("BULK_SMTP_SERVER", BULK, "mastodon.smtp.bulk.server", Filled),
    ("BULK_SMTP_TLS", BULK, "mastodon.smtp.bulk.tls", Filled),
    ("CACHE_BUSTER_ENABLED", "", BUSTER, Either),
    ("CACHE_BUSTER_HTTP_METHOD", BUSTER, "mastodon.cacheBuster.httpMethod", Filled),
    ("CACHE_BUSTER_SECRET_HEADER", BUSTER, "mastodon.cacheBuster.authHeader", Filled),
    ("OIDC_ENABLED", "", OIDC, Either),
    ("OIDC_DISPLAY_NAME", OIDC, "externalAuth.oidc.displayName", Always),
    ("OIDC_ISSUER", OIDC, "externalAuth.oidc.issuer", Always),
    ("OIDC_DISCOVERY", OIDC, "externalAuth.oidc.discovery", Always),
    ("OIDC_SCOPE", OIDC, "externalAuth.oidc.scope", Always),
    ("OIDC_UID_FIELD", OIDC, "externalAuth.oidc.uidField", Always),
    ("OIDC_REDIRECT_URI", OIDC, "externalAuth.oidc.redirectUri", Always),
    ("OIDC_SECURITY_ASSUME_EMAIL_IS_VERIFIED", OIDC, "externalAuth.oidc.assumeEmailIsVerified", Always),
    ("OIDC_CLIENT_AUTH_METHOD", OIDC, "externalAuth.oidc.clientAuthMethod", Filled),
    ("OIDC_RESPONSE_TYPE", OIDC, "externalAuth.oidc.responseType", Filled),
    ("OIDC_RESPONSE_MODE", OIDC, "externalAuth.oidc.responseMode", Filled),
    ("OIDC_DISPLAY", OIDC, "externalAuth.oidc.display", Filled),
    ("OIDC_PROMPT", OIDC, "externalAuth.oidc.prompt", Filled),
    ("OIDC_SEND_NONCE", OIDC, "externalAuth.oidc.sendNonce", Filled),
    ("OIDC_SEND_SCOPE_TO_TOKEN_ENDPOINT", OIDC, "externalAuth.oidc.sendScopeToTokenEndpoint", Filled),
    ("OIDC_IDP_LOGOUT_REDIRECT_URI", OIDC, "externalAuth.oidc.idpLogoutRedirectUri", Filled),
    ("OIDC_HTTP_SCHEME", OIDC, "externalAuth.oidc.httpScheme", Filled),
    ("OIDC_HOST", OIDC, "externalAuth.oidc.host", Filled),
    ("OIDC_PORT", OIDC, "externalAuth.oidc.port", Filled),
    ("OIDC_JWKS_URI", OIDC, "externalAuth.oidc.jwksUri", Filled),
    ("OIDC_AUTH_ENDPOINT", OIDC, "externalAuth.oidc.authEndpoint", Filled),
    ("OIDC_TOKEN_ENDPOINT", OIDC, "externalAuth.oidc.tokenEndpoint", Filled),
    ("OIDC_USER_INFO_ENDPOINT", OIDC, "externalAuth.oidc.userInfoEndpoint", Filled),
    ("OIDC_END_SESSION_ENDPOINT", OIDC, "externalAuth.oidc.endSessionEndpoint", Filled),
    ("SAML_ENABLED", "", SAML, Either),
    ("SAML_ACS_URL", SAML, "externalAuth.saml.acsUrl", Always),
    ("SAML_ISSUER", SAML, "externalAuth.saml.issuer", Always),
    ("SAML_IDP_SSO_TARGET_URL", SAML, "externalAuth.saml.idpSsoTargetUrl", Always),
    ("SAML_IDP_CERT", SAML, "externalAuth.saml.idpCert", Always),
    ("SAML_IDP_CERT_FINGERPRINT", SAML, "externalAuth.saml.idpCertFingerprint", Filled),
    ("SAML_NAME_IDENTIFIER_FORMAT", SAML, "externalAuth.saml.nameIdentifierFormat", Filled),
    ("SAML_CERT", SAML, "externalAuth.saml.cert", Filled),
    ("SAML_SECURITY_WANT_ASSERTION_SIGNED", SAML, "externalAuth.saml.wantAssertionSigned", Filled),
    ("SAML_SECURITY_WANT_ASSERTION_ENCRYPTED", SAML, "externalAuth.saml.wantAssertionEncrypted", Filled),
    ("SAML_SECURITY_ASSUME_EMAIL_IS_VERIFIED", SAML, "externalAuth.saml.assumeEmailIsVerified", Filled),
    ("SAML_UID_ATTRIBUTE", SAML, "externalAuth.saml.uidAttribute", Filled),
    ("SAML_ATTRIBUTES_STATEMENTS_UID", SAML, "externalAuth.saml.attributesStatements.uid", Filled),
    ("SAML_ATTRIBUTES_STATEMENTS_EMAIL", SAML, "externalAuth.saml.attributesStatements.email", Filled),
    ("SAML_ATTRIBUTES_STATEMENTS_FULL_NAME", SAML, "externalAuth.saml.attributesStatements.fullName", Filled),
    (
        "SAML_ATTRIBUTES_STATEMENTS_FIRST_NAME",
        SAML,
        "externalAuth.saml.attributesStatements.firstName",
        Filled,
    ),
    ("SAML_ATTRIBUTES_STATEMENTS_LAST_NAME", SAML, "externalAuth.saml.attributesStatements.lastName", Filled),
    ("SAML_ATTRIBUTES_STATEMENTS_VERIFIED", SAML, "externalAuth.saml.attributesStatements.verified", Filled),
    (
        "SAML_ATTRIBUTES_STATEMENTS_VERIFIED_EMAIL",
        SAML,
        "externalAuth.saml.attributesStatements.verifiedEmail",
        Filled,
    ),
    ("CAS_ENABLED", "", CAS, Either),
    ("CAS_URL", CAS, "externalAuth.cas.url", Always),
    ("CAS_HOST", CAS, "externalAuth.cas.host", Always),
    ("CAS_PORT", CAS, "externalAuth.cas.port", Always),
    ("CAS_SSL", CAS, "externalAuth.cas.ssl", Always),
    ("CAS_VALIDATE_URL", CAS, "externalAuth.cas.validateUrl", Filled),
    ("CAS_CALLBACK_URL", CAS, "externalAuth.cas.callbackUrl", Filled),
    ("CAS_LOGOUT_URL", CAS, "externalAuth.cas.logoutUrl", Filled),
    ("CAS_LOGIN_URL", CAS, "externalAuth.cas.loginUrl", Filled),
    ("CAS_UID_FIELD", CAS, "externalAuth.cas.uidField", Filled),
    ("CAS_CA_PATH", CAS, "externalAuth.cas.caPath", Filled),
    ("CAS_DISABLE_SSL_VERIFICATION", CAS, "externalAuth.cas.disableSslVerification", Filled),
    ("CAS_SECURITY_ASSUME_EMAIL_IS_VERIFIED", CAS, "externalAuth.cas.assumeEmailIsVerified", Filled),
    ("CAS_UID_KEY", CAS, "externalAuth.cas.keys.uid", Filled),
    ("CAS_NAME_KEY", CAS, "externalAuth.cas.keys.name", Filled),
    ("CAS_EMAIL_KEY", CAS, "externalAuth.cas.keys.email", Filled),
    ("CAS_NICKNAME_KEY", CAS, "externalAuth.cas.keys.nickname", Filled),
    ("CAS_FIRST_NAME_KEY", CAS, "externalAuth.cas.keys.firstName", Filled),
    ("CAS_LAST_NAME_KEY", CAS, "externalAuth.cas.keys.lastName", Filled),
    ("CAS_LOCATION_KEY", CAS, "externalAuth.cas.keys.location", Filled),
    ("CAS_IMAGE_KEY", CAS, "externalAuth.cas.keys.image", Filled),
    ("CAS_PHONE_KEY", CAS, "externalAuth.cas.keys.phone", Filled),
    ("PAM_ENABLED", "", PAM, Either),
    ("PAM_EMAIL_DOMAIN", PAM, "externalAuth.pam.emailDomain", Filled),
    ("PAM_DEFAULT_SERVICE", PAM, "externalAuth.pam.defaultService", Filled),
    ("PAM_CONTROLLED_SERVICE", PAM, "externalAuth.pam.controlledService", Filled),
    ("LDAP_ENABLED", "", LDAP, Either),
    ("LDAP_HOST", LDAP, "externalAuth.ldap.host", Always),
    ("LDAP_PORT", LDAP, "externalAuth.ldap.port", Always),
    ("LDAP_METHOD", LDAP, "externalAuth.ldap.method", Always),
    ("LDAP_TLS_NO_VERIFY", LDAP, "externalAuth.ldap.tlsNoVerify", Filled),
    ("LDAP_BASE", LDAP, "externalAuth.ldap.base", Filled),
    ("LDAP_BIND_DN", LDAP, "externalAuth.ldap.bindDn", Filled),
    ("LDAP_UID", LDAP, "externalAuth.ldap.uid", Filled),
    ("LDAP_MAIL", LDAP, "externalAuth.ldap.mail", Filled),
    ("LDAP_SEARCH_FILTER", LDAP, "externalAuth.ldap.searchFilter", Filled),
    ("LDAP_UID_CONVERSION_ENABLED", LDAP, "externalAuth.ldap.uidConversion.enabled", Filled),
    ("LDAP_UID_CONVERSION_SEARCH", LDAP, "externalAuth.ldap.uidConversion.search", Filled),
    ("LDAP_UID_CONVERSION_REPLACE", LDAP, "externalAuth.ldap.uidConversion.replace", Filled),
    ("OMNIAUTH_ONLY", "", "externalAuth.oauthGlobal.omniauthOnly", Either),
];

/// What stands first in web's `env`.
pub(crate) const WEB_FIRST: &[Line] = &[
    ("PORT", "", "mastodon.web.port", Always),
    ("MIN_THREADS", "", "mastodon.web.minThreads", Filled),
    ("MAX_THREADS", "", "mastodon.web.maxThreads", Filled),
    ("WEB_CONCURRENCY", "", "mastodon.web.workers", Filled),
    ("PERSISTENT_TIMEOUT", "", "mastodon.web.persistentTimeout", Filled),
];
/// What stands in web's `env` behind the secrets.
pub(crate) const WEB_LAST: &[Line] = &[
    ("MASTODON_PROMETHEUS_EXPORTER_ENABLED", METRICS, METRICS, True),
    ("PROMETHEUS_EXPORTER_HOST", METRICS, "", Fixed("127.0.0.1")),
    ("PROMETHEUS_EXPORTER_PORT", METRICS, "mastodon.metrics.prometheus.port", Always),
    (
        "MASTODON_PROMETHEUS_EXPORTER_WEB_DETAILED_METRICS",
        METRICS,
        "mastodon.metrics.prometheus.web.detailed",
        True,
    ),
];
/// What stands first in streaming's `env`.
pub(crate) const STREAMING_FIRST: &[Line] = &[("PORT", "", "mastodon.streaming.port", Always)];
/// What stands in Sidekiq's `env` behind the secrets.
pub(crate) const SIDEKIQ_LAST: &[Line] = &[
    ("MASTODON_PROMETHEUS_EXPORTER_ENABLED", METRICS, METRICS, True),
    ("MASTODON_PROMETHEUS_EXPORTER_LOCAL", METRICS, "", Fixed("true")),
    ("MASTODON_PROMETHEUS_EXPORTER_HOST", METRICS, "", Fixed("0.0.0.0")),
    ("MASTODON_PROMETHEUS_EXPORTER_PORT", METRICS, "mastodon.metrics.prometheus.port", Always),
    (
        "MASTODON_PROMETHEUS_EXPORTER_SIDEKIQ_DETAILED_METRICS",
        METRICS,
        "mastodon.metrics.prometheus.sidekiq.detailed",
        True,
    ),
];

/// A variable that the chart takes from a Secret: its name, the switch, the section whose `existingSecret` names the
/// Secret, the member of `existingSecretKeys` that names the key, and the components that get it (`w`, `s`, `n`).
pub(crate) type SecretLine = (&'static str, &'static str, &'static str, &'static str, &'static str);

const MASTODON: &str = "mastodon.secrets";
/// In the order in which web and Sidekiq list them.
pub(crate) const SECRETS: &[SecretLine] = &[
    ("SECRET_KEY_BASE", "", MASTODON, "secretKeyBase", "wsn"),
    ("VAPID_PRIVATE_KEY", "", MASTODON, "vapidPrivateKey", "wsn"),
    ("VAPID_PUBLIC_KEY", "", MASTODON, "vapidPublicKey", "wsn"),
    ("ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY", "", MASTODON, "arePrimaryKey", "wsn"),
    ("ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY", "", MASTODON, "areDeterministicKey", "wsn"),
    ("ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT", "", MASTODON, "areKeyDerivationSalt", "wsn"),
    ("AWS_ACCESS_KEY_ID", S3, "mastodon.s3", "accessKeyId", "ws"),
    ("AWS_SECRET_ACCESS_KEY", S3, "mastodon.s3", "secretAccessKey", "ws"),
    ("DB_PASS", "", "postgresql", "password", "wsn"),
    ("DB_USER", "", "postgresql", "username", "wsn"),
    ("REPLICA_DB_PASS", "postgresql.readReplica.existingSecret", "postgresql.readReplica", "password", "wsn"),
    ("REPLICA_DB_USER", "postgresql.readReplica.existingSecret", "postgresql.readReplica", "username", "wsn"),
    ("REDIS_PASSWORD", "", "redis", "password", "wsn"),
    ("SIDEKIQ_REDIS_PASSWORD", "redis.sidekiq.enabled", "redis.sidekiq", "password", "wsn"),
    ("CACHE_REDIS_PASSWORD", "redis.cache.enabled", "redis.cache", "password", "wsn"),
    ("SMTP_LOGIN", "", "mastodon.smtp", "username", "s"),
    ("SMTP_PASSWORD", "", "mastodon.smtp", "password", "s"),
    ("BULK_SMTP_LOGIN", BULK, "mastodon.smtp.bulk", "username", "s"),
    ("BULK_SMTP_PASSWORD", BULK, "mastodon.smtp.bulk", "password", "s"),
    ("LDAP_PASSWORD", LDAP, "externalAuth.ldap", "password", "wsn"),
    ("ES_USER", ES, "elasticsearch", "username", "ws"),
    ("ES_PASS", ES, "elasticsearch", "password", "ws"),
    ("DEEPL_API_KEY", "mastodon.deepl.enabled", "mastodon.deepl", "apiKey", "ws"),
    ("HCAPTCHA_SECRET_KEY", "mastodon.hcaptcha.enabled", "mastodon.hcaptcha", "apiKey", "w"),
    ("CACHE_BUSTER_SECRET", BUSTER, "mastodon.cacheBuster", "authToken", "ws"),
    ("OIDC_CLIENT_ID", OIDC, "externalAuth.oidc", "clientId", "w"),
    ("OIDC_CLIENT_SECRET", OIDC, "externalAuth.oidc", "clientSecret", "w"),
];

/// Variables that switch a section of the values on; all others of the section need it.
pub(crate) const SWITCHES: &[(&str, &str)] = &[
    ("ES_ENABLED", ES),
    ("CACHE_BUSTER_ENABLED", BUSTER),
    ("OIDC_ENABLED", OIDC),
    ("SAML_ENABLED", SAML),
    ("CAS_ENABLED", CAS),
    ("PAM_ENABLED", PAM),
    ("LDAP_ENABLED", LDAP),
    ("BULK_SMTP_SERVER", BULK),
    ("HCAPTCHA_SITE_KEY", "mastodon.hcaptcha.enabled"),
    ("DEEPL_PLAN", "mastodon.deepl.enabled"),
    ("DEEPL_API_KEY", "mastodon.deepl.enabled"),
    ("SIDEKIQ_REDIS_HOST", "redis.sidekiq.enabled"),
    ("CACHE_REDIS_HOST", "redis.cache.enabled"),
];
