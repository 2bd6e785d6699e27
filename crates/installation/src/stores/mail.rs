//! How mail leaves.

use super::{may_tell, named, names};
use crate::{Component, Mail, Role};

/// The servers for mail, and for bulk mail where it has one of its own, each once.
pub(crate) fn read_mail(components: &[Component]) -> Vec<Mail> {
    let mut mail: Vec<Mail> = Vec::new();
    let senders = components.iter().filter(|one| one.role.is_lasting() && one.role != Role::Streaming);
    for component in senders {
        for bulk in [false, true] {
            let Some(found) = of(component, bulk) else { continue };
            match mail.iter_mut().find(|own| own.bulk == bulk) {
                None => mail.push(found),
                Some(own) if own.server.is_none() => *own = found,
                Some(_) => {}
            }
        }
    }
    mail
}

fn of(component: &Component, bulk: bool) -> Option<Mail> {
    let environment = &component.environment;
    let all = names(
        if bulk { "BULK_" } else { "" },
        &["SMTP_SERVER", "SMTP_PORT", "SMTP_FROM_ADDRESS", "SMTP_DELIVERY_METHOD", "SMTP_AUTH_METHOD"],
    );
    let setting = environment.settings.get(&all[0])?;
    let server = setting.look().filter(|text| !text.is_empty() && may_tell(environment, &all[0]));
    if setting.look() == Some("") {
        return None;
    }
    let port = environment.text(&all[1]).filter(|port| !port.is_empty());
    let (_, origins) = named(environment, &all);
    Some(Mail {
        server: server
            .map(|server| port.map_or_else(|| server.to_owned(), |port| format!("{server}:{port}"))),
        from: environment.text("SMTP_FROM_ADDRESS").map(ToOwned::to_owned),
        bulk,
        origins,
    })
}
