//! What is known of the settings of Mastodon: their names, when they came and went, and which are secret.

mod known;
mod secrecy;
mod spelling;

pub use known::{KnownSetting, Minor, SettingOwner, known_setting, known_settings};
pub use secrecy::{holds_secret, is_secret, is_secret_option};
pub use spelling::{belongs_elsewhere, likely_name};
