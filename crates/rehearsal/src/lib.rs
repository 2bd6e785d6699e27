//! The cluster inside: API server, controllers, hollow node, front, stand-in Mastodon
