use super::super::Profile;
use super::super::route::{Conditions, PathMatch, Route};
use super::*;

fn group(service: &str) -> Group {
    Group { namespace: "m".to_owned(), service: service.to_owned(), port: "3000".to_owned() }
}

fn address(last: u8) -> SocketAddr {
    ([10, 244, 0, last], 3000).into()
}

/// One route to a Service, and the ready pods behind it.
fn wanted(service: &str, pods: &[u8]) -> Wanted {
    let route = Route {
        host: String::new(),
        path: PathMatch::Elements(String::new()),
        conditions: Conditions::default(),
        to: vec![(1, Some(group(service)))],
        canary: None,
        body: None,
        read: Duration::from_secs(60),
    };
    let members = BTreeMap::from([(group(service), pods.iter().map(|pod| address(*pod)).collect())]);
    Wanted { routes: Routes { routes: vec![route], default: None }, members }
}

/// Which pods users meet from when on, in milliseconds, until nothing happens any more.
fn follow(shaping: &mut Shaping, since: Duration) -> Vec<(u128, Vec<u8>)> {
    let mut seen: Vec<(u128, Vec<u8>)> = Vec::new();
    let mut now = since;
    loop {
        let laid = shaping.at(now);
        let behind = laid.routes.groups().filter_map(|group| laid.members.get(group)).flatten();
        let pods: Vec<u8> = behind
            .filter_map(|address| match address.ip() {
                std::net::IpAddr::V4(ip) => Some(ip.octets()[3]),
                std::net::IpAddr::V6(_) => None,
            })
            .collect();
        if seen.last().is_none_or(|(_, last)| *last != pods) {
            seen.push(((now - since).as_millis(), pods));
        }
        match shaping.next(now) {
            Some(next) => now = next.max(now),
            None => return seen,
        }
    }
}

const SINCE: Duration = Duration::from_secs(1000);

/// A front before which pod 1 of blue has stood for long, and which hears something else.
fn changed(profile: Profile, seed: u64, to: Wanted) -> Vec<(u128, Vec<u8>)> {
    let mut shaping = Shaping::new(Manner::of(profile), seed);
    shaping.hear(Duration::ZERO, wanted("blue", &[1]));
    shaping.skip(Duration::ZERO);
    assert_eq!(follow(&mut shaping, Duration::ZERO), [(0, vec![1])]);
    shaping.hear(SINCE, to);
    follow(&mut shaping, SINCE)
}

/// For how long nobody was behind the route.
fn gap(seen: &[(u128, Vec<u8>)]) -> u128 {
    seen.windows(2).filter(|pair| pair[0].1.is_empty()).map(|pair| pair[1].0 - pair[0].0).sum()
}

#[test]
fn software_swaps_backends_and_endpoints_without_a_gap() {
    use Profile::{Gateway, HaProxy, IngressNginx, OutsideNginx, Traefik};
    for profile in [IngressNginx, Traefik, HaProxy, Gateway, OutsideNginx] {
        for to in [wanted("green", &[2]), wanted("blue", &[2])] {
            let seen = changed(profile, 1, to);
            assert_eq!((seen.len(), gap(&seen)), (2, 0), "{profile}: {seen:?}");
            assert_eq!(seen[1].1, [2], "{profile}");
            assert!(seen[1].0 <= 1100, "{profile}: {seen:?}");
        }
    }
}

#[test]
fn google_leaves_a_gap_of_30_to_90_seconds_on_an_edit_and_of_5_to_10_on_a_flip_and_none_on_an_overlap() {
    for seed in 0..50 {
        let edit = gap(&changed(Profile::Gce, seed, wanted("green", &[2])));
        assert!((30_000..=90_000).contains(&edit), "{edit}");
        let flip = gap(&changed(Profile::Gce, seed, wanted("blue", &[2])));
        assert!((5_000..=10_000).contains(&flip), "{flip}");
        assert_eq!(edit, gap(&changed(Profile::Gce, seed, wanted("green", &[2]))), "the same seed");
    }
}

#[test]
fn an_overlap_that_lasts_as_long_as_the_profile_says_leaves_no_gap() {
    for profile in Profile::ALL {
        for seed in 0..50 {
            let mut shaping = Shaping::new(Manner::of(profile), seed);
            shaping.hear(Duration::ZERO, wanted("blue", &[1]));
            shaping.skip(Duration::ZERO);
            shaping.hear(SINCE, wanted("blue", &[1, 2]));
            let mut now = SINCE;
            let close = SINCE + profile.overlap() + Duration::from_secs(1);
            while let Some(next) = shaping.next(now).filter(|next| *next < close) {
                now = next;
                assert!(!shaping.at(now).members[&group("blue")].is_empty(), "{profile}");
            }
            shaping.hear(close, wanted("blue", &[2]));
            let seen = follow(&mut shaping, close);
            assert_eq!((gap(&seen), seen.last().unwrap().1.as_slice()), (0, &[2][..]), "{profile}: {seen:?}");
        }
    }
}

#[test]
fn an_overlap_too_short_for_google_is_as_bad_as_none() {
    let mut shaping = Shaping::new(Manner::of(Profile::Gce), 3);
    shaping.hear(Duration::ZERO, wanted("blue", &[1]));
    shaping.skip(Duration::ZERO);
    shaping.hear(SINCE, wanted("blue", &[1, 2]));
    shaping.at(SINCE + Duration::from_secs(1));
    shaping.hear(SINCE + Duration::from_secs(2), wanted("blue", &[2]));
    assert!(gap(&follow(&mut shaping, SINCE + Duration::from_secs(2))) > 1000);
}

#[test]
fn changes_that_follow_fast_are_taken_together_at_the_fronts_own_pace() {
    let mut shaping = Shaping::new(Manner::of(Profile::Traefik), 0);
    shaping.hear(Duration::ZERO, wanted("blue", &[1]));
    shaping.skip(Duration::ZERO);
    shaping.hear(SINCE, wanted("blue", &[1, 2]));
    let at = |ms| SINCE + Duration::from_millis(ms);
    assert_eq!(shaping.at(at(10)).members[&group("blue")].len(), 2);
    shaping.hear(at(100), wanted("blue", &[1, 2, 3]));
    shaping.hear(at(200), wanted("blue", &[2]));
    assert_eq!(shaping.at(at(1900)).members[&group("blue")].len(), 2);
    assert_eq!(shaping.next(at(1900)), Some(at(2010)));
    assert_eq!(shaping.at(at(2010)).members[&group("blue")].len(), 1);
}

#[test]
fn nginx_reloads_for_routes_and_an_outside_one_for_everything() {
    let reloads = |profile, to| {
        let mut shaping = Shaping::new(Manner::of(profile), 0);
        shaping.hear(Duration::ZERO, wanted("blue", &[1]));
        shaping.skip(Duration::ZERO);
        shaping.hear(SINCE, to);
        follow(&mut shaping, SINCE);
        shaping.at(SINCE + Duration::from_secs(60)).reloads
    };
    assert_eq!(reloads(Profile::IngressNginx, wanted("green", &[2])), 1);
    assert_eq!(reloads(Profile::IngressNginx, wanted("blue", &[2])), 0);
    assert_eq!(reloads(Profile::OutsideNginx, wanted("blue", &[2])), 1);
    assert_eq!(reloads(Profile::Traefik, wanted("green", &[2])), 0);
}

#[test]
fn an_nginx_that_tests_its_configuration_keeps_the_old_one_rather_than_an_empty_one() {
    assert_eq!(changed(Profile::OutsideNginx, 0, wanted("blue", &[])), [(0, vec![1])]);
    assert!(changed(Profile::IngressNginx, 0, wanted("blue", &[])).last().unwrap().1.is_empty());
}

#[test]
fn amazon_drains_what_it_took_out_and_google_does_not() {
    let draining = |profile, seconds| {
        let mut shaping = Shaping::new(Manner::of(profile), 0);
        shaping.hear(Duration::ZERO, wanted("blue", &[1]));
        shaping.skip(Duration::ZERO);
        shaping.hear(SINCE, wanted("blue", &[2]));
        for second in 1..seconds {
            shaping.at(SINCE + Duration::from_secs(second));
        }
        shaping.at(SINCE + Duration::from_secs(seconds)).draining.len()
    };
    assert_eq!((draining(Profile::Alb, 60), draining(Profile::Alb, 400)), (1, 0));
    assert_eq!(draining(Profile::Gce, 60), 0);
}
