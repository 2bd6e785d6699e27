//! What a Mastodon installation is: components, settings, routes, neighbours
