//! Users pass by the weights of a route, and the route is put back as it was.

use std::time::Duration;

use cluster::ObjectRef;
use plan::WeightedRoute;
use serde_json::{Value, json};

use super::{Deck, Standing};
use crate::StepError;

/// Where all the weight is when every stage is done.
const ALL: u32 = 100;

pub(super) async fn shifted(
    deck: &Deck<'_>,
    routes: &[WeightedRoute],
    stages: &[u32],
) -> Result<Standing, StepError> {
    let last = stages.last().copied().unwrap_or(ALL);
    let mut lacking = Vec::new();
    for (place, of_route) in by_route(deck, routes)? {
        let found = deck.cluster.need(&place).await?;
        let mut wanted = found.clone();
        weigh(&mut wanted, &of_route, last);
        if wanted != found {
            lacking.push(format!("{place} does not send {last} of 100 to green"));
        }
    }
    Ok(Standing::of(&lacking))
}

/// One stage after the other; the guard watches each.
pub(super) async fn shift(
    deck: &Deck<'_>,
    routes: &[WeightedRoute],
    stages: &[u32],
    stage_s: u64,
) -> Result<(), StepError> {
    for (place, _) in by_route(deck, routes)? {
        deck.locker.back_up(&deck.cluster.need(&place).await?)?;
    }
    deck.copied().await?;
    for stage in stages {
        for (place, of_route) in by_route(deck, routes)? {
            deck.cluster.edit(&place, |route| weigh(route, &of_route, *stage)).await?;
        }
        deck.pause(deck.cluster.clock().on_the_wall(Duration::from_secs(stage_s))).await?;
    }
    Ok(())
}

pub(super) async fn restored(deck: &Deck<'_>, routes: &[WeightedRoute]) -> Result<Standing, StepError> {
    let mut lacking = Vec::new();
    for (place, _) in by_route(deck, routes)? {
        let found = deck.cluster.need(&place).await?;
        let kept = deck.locker.backup(&place)?;
        if kept.is_some_and(|kept| !leads_alike(&kept, &found)) {
            lacking.push(format!("{place} does not lead where it did"));
        }
    }
    Ok(Standing::of(&lacking))
}

/// The routes lead again where they did.
pub(super) async fn restore(deck: &Deck<'_>, routes: &[WeightedRoute]) -> Result<(), StepError> {
    for (place, _) in by_route(deck, routes)? {
        // Without a backup nothing was touched.
        let Some(kept) = deck.locker.backup(&place)? else { continue };
        deck.cluster
            .edit(&place, |route| {
                for (rule, old) in rules(route).iter_mut().zip(items(&kept["spec"]["rules"])) {
                    rule["backendRefs"] = old["backendRefs"].clone();
                }
            })
            .await?;
    }
    Ok(())
}

fn leads_alike(one: &Value, other: &Value) -> bool {
    let references = |route: &Value| -> Vec<Value> {
        items(&route["spec"]["rules"]).iter().map(|rule| rule["backendRefs"].clone()).collect()
    };
    references(one) == references(other)
}

/// Each route once, with all that is to be weighed in it.
fn by_route<'a>(
    deck: &Deck<'_>,
    routes: &'a [WeightedRoute],
) -> Result<Vec<(ObjectRef, Vec<&'a WeightedRoute>)>, StepError> {
    let mut all: Vec<(ObjectRef, Vec<&WeightedRoute>)> = Vec::new();
    for own in routes {
        let place = deck.place("HTTPRoute", &own.route)?;
        match all.iter_mut().find(|(known, _)| *known == place) {
            Some((_, of_route)) => of_route.push(own),
            None => all.push((place, vec![own])),
        }
    }
    Ok(all)
}

/// Of a hundred requests so many go to green's own Service, the others to blue's.
pub(crate) fn weigh(route: &mut Value, of_route: &[&WeightedRoute], to_green: u32) {
    for rule in rules(route) {
        let Some(references) = rule["backendRefs"].as_array_mut() else { continue };
        for own in of_route {
            let Some(place) = references.iter().position(|reference| reference["name"] == *own.service)
            else {
                continue;
            };
            references[place]["weight"] = json!(ALL.saturating_sub(to_green));
            let mut green = references[place].clone();
            green["name"] = json!(own.green);
            green["port"] = json!(own.port);
            green["weight"] = json!(to_green);
            match references.iter().position(|reference| reference["name"] == *own.green) {
                Some(known) => references[known] = green,
                None => references.insert(place + 1, green),
            }
        }
    }
}

fn rules(route: &mut Value) -> &mut [Value] {
    route["spec"]["rules"].as_array_mut().map(Vec::as_mut_slice).unwrap_or_default()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
