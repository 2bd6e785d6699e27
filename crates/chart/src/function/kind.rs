//! Questions about types.

use super::{Answer, Call, Function};
use crate::value::Value;

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "typeOf" => |call| {
            call.exactly(1)?;
            Ok(Value::from(call.any(0).type_name()))
        },
        "typeIs" => type_is,
        "typeIsLike" => type_is_like,
        "kindOf" => |call| {
            call.exactly(1)?;
            Ok(Value::from(call.any(0).kind_name()))
        },
        "kindIs" => kind_is,
        "deepEqual" => |call| {
            call.exactly(2)?;
            Ok(Value::Bool(call.any(0).deep_equal(&call.any(1))))
        },
        _ => return None,
    })
}

fn type_is(call: &mut Call<'_>) -> Answer {
    call.exactly(2)?;
    Ok(Value::Bool(*call.text(0)? == *call.any(1).type_name()))
}

fn type_is_like(call: &mut Call<'_>) -> Answer {
    call.exactly(2)?;
    let (target, value) = (call.text(0)?, call.any(1));
    let name = value.type_name();
    Ok(Value::Bool(*target == *name || name.strip_prefix('*') == Some(target.as_ref())))
}

fn kind_is(call: &mut Call<'_>) -> Answer {
    call.exactly(2)?;
    Ok(Value::Bool(*call.text(0)? == *call.any(1).kind_name()))
}
