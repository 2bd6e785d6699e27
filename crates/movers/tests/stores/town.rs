//! A town with an old side and a new one, each with a database, a Redis and a folder of media.

use std::path::{Path, PathBuf};

use movers::media::Place;
use movers::postgres::{Mode, Sides};
use movers::stores::{Given, GivenMedia, GivenPostgres, GivenRedis, StoreKind, Stores};
use movers::{Limits, keyspace};
use tempfile::TempDir;

use super::{ground, keys};

/// Both sides, and the state of the move between them.
pub(crate) struct Town {
    pub(crate) rows: ground::Ground,
    pub(crate) ports: [u16; 2],
    pub(crate) redis: [keys::Server; 2],
    pub(crate) folders: TempDir,
}

/// What of it moves, and how.
#[derive(Clone, Copy)]
pub(crate) struct Moving {
    pub(crate) rows: Mode,
    pub(crate) keys: keyspace::Mode,
    pub(crate) media: bool,
}

pub(crate) const ALL: Moving = Moving { rows: Mode::Follow, keys: keyspace::Mode::Replicate, media: true };

impl Town {
    /// Nothing where this machine has no servers: that is said.
    pub(crate) async fn founded() -> Option<Self> {
        if !keys::has_redis() {
            return None;
        }
        let pair = ground::pair()?;
        let rows = ground::ground(&pair.source, &pair.target, 300).await;
        let redis = [keys::Server::lasting().await, keys::Server::lasting().await];
        redis[0].client().await.fill(500).await;
        let folders = TempDir::new().unwrap();
        let town = Self { rows, ports: [pair.source.port, pair.target.port], redis, folders };
        for side in 0..2 {
            std::fs::create_dir(town.media(side)).unwrap();
        }
        for number in 0..40 {
            std::fs::write(town.media(0).join(format!("old-{number}.png")), format!("picture {number}"))
                .unwrap();
        }
        Some(town)
    }

    /// The database of a side, by its administrator: fences end the sessions there were.
    pub(crate) async fn rows(&self, side: usize) -> tokio_postgres::Client {
        ground::connect(self.ports[side], &self.rows.database, "postgres", ground::PASSWORD).await.unwrap()
    }

    pub(crate) fn media(&self, side: usize) -> PathBuf {
        self.folders.path().join(["old", "new"][side])
    }

    fn state(&self) -> PathBuf {
        self.folders.path().join("state")
    }

    /// The move as a new process opens it.
    pub(crate) fn stores(&self, moving: Moving) -> Stores {
        Stores::open(self.given(moving), &self.state()).unwrap()
    }

    /// The move with a Redis of Sidekiq's own, as a new process opens it.
    pub(crate) fn stores_with(&self, moving: Moving, sidekiq: &[keys::Server; 2]) -> Stores {
        let mut given = self.given(moving);
        let limits = given.redis[0].limits;
        let route = keys::route(&sidekiq[0], &sidekiq[1]);
        given.redis.push(GivenRedis { store: StoreKind::RedisSidekiq, route, limits, mode: moving.keys });
        Stores::open(given, &self.state()).unwrap()
    }

    fn given(&self, moving: Moving) -> Given {
        let limits = Limits { bytes_per_second: None, connections: std::num::NonZeroUsize::new(2).unwrap() };
        let sides: Sides = self.rows.sides.clone();
        let folder = |path: &Path| Place::folder(path).unwrap();
        Given {
            postgres: Some(GivenPostgres {
                sides,
                settings: ground::settings(),
                mode: moving.rows,
                pooler: None,
            }),
            redis: vec![GivenRedis {
                store: StoreKind::Redis,
                route: keys::route(&self.redis[0], &self.redis[1]),
                limits,
                mode: moving.keys,
            }],
            media: moving.media.then(|| GivenMedia {
                from: folder(&self.media(0)),
                to: folder(&self.media(1)),
                limits,
            }),
        }
    }
}
