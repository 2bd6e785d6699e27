//! YAML, JSON, TOML, base64 and sums.

use data_encoding::{BASE32, BASE64, HEXLOWER};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::{Answer, Call, Function};
use crate::json::{self, Layout};
use crate::toml;
use crate::value::{Entries, Map, Value};
use crate::yaml;

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "toYaml" => |call| written(call, yaml::write),
        "mustToYaml" => |call| must_be_written(call, yaml::write),
        "toYamlPretty" => |call| written(call, yaml::write_pretty),
        "fromYaml" => from_yaml,
        "fromYamlArray" => from_yaml_array,
        "toJson" => |call| written(call, |value| json::write(value, Layout::Compact)),
        "mustToJson" => |call| must_be_written(call, |value| json::write(value, Layout::Compact)),
        "toPrettyJson" => |call| written(call, |value| json::write(value, Layout::Pretty)),
        "mustToPrettyJson" => |call| must_be_written(call, |value| json::write(value, Layout::Pretty)),
        "toRawJson" | "mustToRawJson" => {
            |call| must_be_written(call, |value| json::write(value, Layout::Raw))
        }
        "fromJson" => from_json,
        "mustFromJson" => must_from_json,
        "fromJsonArray" => from_json_array,
        "toToml" => |call| written(call, toml::write),
        "fromToml" => from_toml,
        "b64enc" => |call| change(call, |text| BASE64.encode(text.as_bytes())),
        "b64dec" => {
            |call| change(call, |text| decoded(BASE64.decode(without_lines(text).as_bytes()), "base64"))
        }
        "b32enc" => |call| change(call, |text| BASE32.encode(text.as_bytes())),
        "b32dec" => {
            |call| change(call, |text| decoded(BASE32.decode(without_lines(text).as_bytes()), "base32"))
        }
        "sha1sum" => |call| change(call, |text| HEXLOWER.encode(&Sha1::digest(text.as_bytes()))),
        "sha256sum" => |call| change(call, |text| HEXLOWER.encode(&Sha256::digest(text.as_bytes()))),
        "sha512sum" => |call| change(call, |text| HEXLOWER.encode(&Sha512::digest(text.as_bytes()))),
        "adler32sum" => |call| change(call, |text| adler32(text.as_bytes()).to_string()),
        "urlquery" => |call| {
            let text = crate::print::sprint(&call.arguments);
            call.made(super::url::query_escape(&text))
        },
        _ => return None,
    })
}

fn change(call: &mut Call<'_>, change: impl Fn(&str) -> String) -> Answer {
    call.exactly(1)?;
    let text = change(&call.text(0)?);
    call.made(text)
}

/// What cannot be written is nothing, as Helm has it.
fn written(call: &mut Call<'_>, write: impl Fn(&Value) -> Option<String>) -> Answer {
    call.exactly(1)?;
    let text = write(&call.any(0)).unwrap_or_default();
    call.made(text)
}

fn must_be_written(call: &mut Call<'_>, write: impl Fn(&Value) -> Option<String>) -> Answer {
    call.exactly(1)?;
    match write(&call.any(0)) {
        Some(text) => call.made(text),
        None => call.fail("the value cannot be written"),
    }
}

fn error_map(error: &str) -> Value {
    let map = Map::of(Entries::new());
    map.insert("Error", Value::from(error));
    Value::Map(map)
}

fn as_map(value: Value, error: &str) -> Value {
    match value {
        Value::Map(_) => value,
        Value::Nil => Value::from(Entries::new()),
        _ => error_map(error),
    }
}

fn as_list(value: Value, error: &str) -> Value {
    match value {
        Value::List(_) => value,
        Value::Nil => Value::from(Vec::new()),
        _ => Value::from(vec![Value::from(error)]),
    }
}

const NOT_A_MAP: &str = "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal into Go value of \
                         type map[string]interface {}";
const NOT_A_LIST: &str = "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal into Go value of type []interface {}";

fn from_yaml(call: &mut Call<'_>) -> Answer {
    call.exactly(1)?;
    let text = call.text(0)?;
    call.run.made(text.len())?;
    Ok(match yaml::read(&text) {
        Ok(value) => as_map(value, NOT_A_MAP),
        Err(error) => error_map(&format!("error converting YAML to JSON: yaml: {error}")),
    })
}

fn from_yaml_array(call: &mut Call<'_>) -> Answer {
    call.exactly(1)?;
    let text = call.text(0)?;
    call.run.made(text.len())?;
    Ok(match yaml::read(&text) {
        Ok(value) => as_list(value, NOT_A_LIST),
        Err(error) => Value::from(vec![Value::from(format!("error converting YAML to JSON: yaml: {error}"))]),
    })
}

/// Helm's reads an object and says so where it is none.
fn from_json(call: &mut Call<'_>) -> Answer {
    call.exactly(1)?;
    let text = call.text(0)?;
    call.run.made(text.len())?;
    Ok(match json::read(&text) {
        Ok(value) => as_map(value, "json: cannot unmarshal into Go value of type map[string]interface {}"),
        Err(error) => error_map(&error),
    })
}

fn must_from_json(call: &mut Call<'_>) -> Answer {
    call.exactly(1)?;
    let text = call.text(0)?;
    call.run.made(text.len())?;
    match json::read(&text) {
        Ok(value) => Ok(value),
        Err(error) => call.fail(error),
    }
}

fn from_json_array(call: &mut Call<'_>) -> Answer {
    call.exactly(1)?;
    let text = call.text(0)?;
    call.run.made(text.len())?;
    Ok(match json::read(&text) {
        Ok(value) => as_list(value, "json: cannot unmarshal into Go value of type []interface {}"),
        Err(error) => Value::from(vec![Value::from(error)]),
    })
}

fn from_toml(call: &mut Call<'_>) -> Answer {
    call.exactly(1)?;
    let text = call.text(0)?;
    call.run.made(text.len())?;
    Ok(toml::read(&text).unwrap_or_else(|error| error_map(&error)))
}

/// Go's decoders pass over line ends.
fn without_lines(text: &str) -> String {
    text.replace(['\r', '\n'], "")
}

fn decoded(bytes: Result<Vec<u8>, data_encoding::DecodeError>, name: &str) -> String {
    match bytes {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => format!("illegal {name} data at input byte {}", error.position),
    }
}

fn adler32(bytes: &[u8]) -> u32 {
    let (a, b) = bytes.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    (b << 16) | a
}
