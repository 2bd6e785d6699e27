//! The certificate of one run: an authority that signs one server certificate and is forgotten.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use ring::error::Unspecified;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::der;

/// How long the certificate holds: longer than anybody looks around in a rehearsal.
const LASTS: SignedDuration = SignedDuration::from_hours(24 * 365);
/// Clocks that are a little behind shall trust it too.
const EARLIER: SignedDuration = SignedDuration::from_hours(1);

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const PRIME256V1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const SERVER_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];

const AUTHORITY: &str = "mastoferry rehearsal authority";
const SERVER: &str = "mastoferry rehearsal";

/// What a server on loopback needs to speak TLS, and what its clients need to trust it.
pub(super) struct Identity {
    pub(super) certificate: CertificateDer<'static>,
    pub(super) key: PrivateKeyDer<'static>,
    /// The authority's certificate as PEM.
    pub(super) authority: String,
}

/// Makes an identity for `127.0.0.1`, `::1` and `localhost`, valid from now on.
pub(super) fn identity(now: Timestamp) -> Result<Identity, Unspecified> {
    let random = SystemRandom::new();
    let (authority_key, _) = key(&random)?;
    let (server_key, server_document) = key(&random)?;
    let authority = Wish {
        subject: AUTHORITY,
        key: &authority_key,
        extensions: vec![
            extension(BASIC_CONSTRAINTS, true, &der::sequence(&[der::yes()])),
            // Signing certificates: the sixth bit of nine.
            extension(KEY_USAGE, true, &der::bits(&[0x04], 2)),
        ],
    };
    let server = Wish {
        subject: SERVER,
        key: &server_key,
        extensions: vec![
            // Signing handshakes: the first bit.
            extension(KEY_USAGE, true, &der::bits(&[0x80], 7)),
            extension(EXTENDED_KEY_USAGE, false, &der::sequence(&[der::identifier(SERVER_AUTH)])),
            extension(SUBJECT_ALT_NAME, false, &names()),
        ],
    };
    let authority = authority.signed(&authority_key, now, &random)?;
    let certificate = server.signed(&authority_key, now, &random)?;
    Ok(Identity {
        certificate: certificate.into(),
        key: PrivatePkcs8KeyDer::from(server_document).into(),
        authority: pem(&authority),
    })
}

fn key(random: &SystemRandom) -> Result<(EcdsaKeyPair, Vec<u8>), Unspecified> {
    let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, random)?.as_ref().to_vec();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, &document, random).map_err(|_| Unspecified)?;
    Ok((pair, document))
}

/// A certificate that is to be signed.
struct Wish<'a> {
    subject: &'a str,
    key: &'a EcdsaKeyPair,
    extensions: Vec<Vec<u8>>,
}

impl Wish<'_> {
    /// The certificate as RFC 5280 section 4.1 lays it out, signed by the authority.
    fn signed(
        &self,
        authority: &EcdsaKeyPair,
        now: Timestamp,
        random: &SystemRandom,
    ) -> Result<Vec<u8>, Unspecified> {
        let mut serial = [0; 16];
        random.fill(&mut serial)?;
        let begins = now.checked_sub(EARLIER).unwrap_or(now);
        let ends = now.checked_add(LASTS).unwrap_or(now);
        let algorithm = der::sequence(&[der::identifier(ECDSA_WITH_SHA256)]);
        let curve = der::sequence(&[der::identifier(EC_PUBLIC_KEY), der::identifier(PRIME256V1)]);
        let to_be_signed = der::sequence(&[
            // Version 3 is written as 2.
            der::explicit(0, &der::number(&[2])),
            der::number(&serial),
            algorithm.clone(),
            name(AUTHORITY),
            der::sequence(&[der::time(begins), der::time(ends)]),
            name(self.subject),
            der::sequence(&[curve, der::bits(self.key.public_key().as_ref(), 0)]),
            der::explicit(3, &der::sequence(&self.extensions)),
        ]);
        let signature = authority.sign(random, &to_be_signed)?;
        Ok(der::sequence(&[to_be_signed, algorithm, der::bits(signature.as_ref(), 0)]))
    }
}

fn name(common: &str) -> Vec<u8> {
    let pair = der::sequence(&[der::identifier(COMMON_NAME), der::text(common)]);
    der::sequence(&[der::set(&[pair])])
}

fn extension(kind: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let mut parts = vec![der::identifier(kind)];
    if critical {
        parts.push(der::yes());
    }
    parts.push(der::bytes(value));
    der::sequence(&parts)
}

/// By what names the server may be called: `dNSName` has the tag 2, `iPAddress` 7.
fn names() -> Vec<u8> {
    let mut six = [0; 16];
    six[15] = 1;
    der::sequence(&[
        der::implicit(2, b"localhost"),
        der::implicit(7, &[127, 0, 0, 1]),
        der::implicit(7, &six),
    ])
}

fn pem(certificate: &[u8]) -> String {
    let text = STANDARD.encode(certificate);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}
