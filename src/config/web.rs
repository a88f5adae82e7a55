//! `[web]`: where pages are served, and where people reach them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serde::Deserialize;

use super::ConfigError;
use crate::web::routes::Site;

/// The pages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Web {
    /// Where the server listens; a proxy with TLS stands before it.
    pub listen: String,
    /// How people reach it, with the path prefix if there is one: what links in mails begin with.
    pub public_url: String,
    /// Whose pages these are: the name in the head of each.
    pub office: String,
    /// Proxies that say in `X-Forwarded-For` for whom they ask; needed to count who asks for codes.
    pub proxies: Vec<IpAddr>,
}

impl Default for Web {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".to_owned(),
            public_url: "http://127.0.0.1:8080".to_owned(),
            office: "chancery".to_owned(),
            proxies: vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        }
    }
}

impl Web {
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        self.address()?;
        self.site()?;
        Ok(())
    }

    /// Where to listen.
    ///
    /// # Errors
    /// It is no address.
    pub fn address(&self) -> Result<SocketAddr, ConfigError> {
        self.listen.parse().map_err(|_| {
            ConfigError::new(
                "web.listen",
                format!("`{}` is no address to listen on", self.listen),
                "write an IP address and a port: `127.0.0.1:8080`, `[::1]:8080`",
            )
        })
    }

    /// What links in mails begin with.
    ///
    /// # Errors
    /// It is no address that a link could begin with.
    pub fn site(&self) -> Result<Site, ConfigError> {
        Site::parse(&self.public_url).map_err(|error| {
            ConfigError::new(
                "web.public_url",
                format!("`{}`: {error}", self.public_url),
                "write `https://host` or `https://host/prefix`, without user, query or fragment",
            )
        })
    }
}
