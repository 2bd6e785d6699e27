//! What needs randomness.
//!
//! A rendering is a function of its chart and values, so nothing here is random. A random text becomes a plain
//! placeholder of the right length and letters, and the rendering says which template asked for it; what makes keys,
//! certificates and salted hashes is refused, because a made-up one would be mistaken for a real one.

use super::{Answer, Call, Function};
use crate::template::FaultKind;
use crate::value::Value;

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "randAlphaNum" | "randAscii" => |call| placeholder(call, "x0"),
        "randAlpha" => |call| placeholder(call, "x"),
        "randNumeric" => |call| placeholder(call, "0"),
        "randBytes" => |call| {
            let text = placeholder(call, "\0")?;
            match text {
                Value::Text(text) => call.made(data_encoding::BASE64.encode(text.as_bytes())),
                other => Ok(other),
            }
        },
        "randInt" => |call| {
            call.exactly(2)?;
            let (least, _) = (call.int(0)?, call.int(1)?);
            note(call);
            Ok(Value::Int(least))
        },
        "uuidv4" => |call| {
            call.exactly(0)?;
            note(call);
            Ok(Value::from("00000000-0000-4000-8000-000000000000"))
        },
        "shuffle" => |call| {
            call.exactly(1)?;
            note(call);
            Ok(Value::Text(call.text(0)?))
        },
        "bcrypt"
        | "htpasswd"
        | "genPrivateKey"
        | "derivePassword"
        | "buildCustomCert"
        | "genCA"
        | "genCAWithKey"
        | "genSelfSignedCert"
        | "genSelfSignedCertWithKey"
        | "genSignedCert"
        | "genSignedCertWithKey"
        | "encryptAES"
        | "decryptAES" => |call| Err(FaultKind::Refused(call.name.to_owned()).into()),
        _ => return None,
    })
}

fn note(call: &mut Call<'_>) {
    let source = call.scope.source.name.to_string();
    call.run.invented.push((call.name.to_owned(), source));
}

fn placeholder(call: &mut Call<'_>, letters: &str) -> Answer {
    call.exactly(1)?;
    let Ok(length) = usize::try_from(call.int(0)?) else { return Ok(Value::from("")) };
    if length > 1 << 20 {
        return Err(FaultKind::Bound("size").into());
    }
    note(call);
    let text: String = letters.chars().cycle().take(length).collect();
    call.made(text)
}
