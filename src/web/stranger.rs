//! Whoever asks without having shown anything: from where, so that it can be counted.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap};

use super::App;
use super::error::Problem;
use crate::store::knocks::{Counted, Knocked};

/// From which network address it is asked. A proxy says it of whoever stands before it, as the last of `X-Forwarded-For`; whoever else
/// says so is not believed. A proxy that says nothing stands for all that come by it. None where there is no connection.
pub(super) fn network(app: &App, headers: &HeaderMap, extensions: &Extensions) -> Option<IpAddr> {
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    if !app.proxies.contains(&peer.ip()) {
        return Some(peer.ip());
    }
    let line = headers.get_all("x-forwarded-for").iter().next_back().and_then(|line| line.to_str().ok());
    let said = line.and_then(|line| line.rsplit(',').next()?.trim().parse().ok());
    Some(said.unwrap_or_else(|| peer.ip()))
}

/// One subscriber often has a whole network of the sixth version: 65,536 smaller ones (RFC 6177).
pub(super) fn prefix(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("{:x?}", &address.segments()[..3]),
    }
}

/// Counts whoever asks. A mailbox is one mailbox whatever stands behind a plus in it.
pub(super) async fn count(app: &App, mail: &str, network: Option<IpAddr>) -> Result<Counted, Problem> {
    let counted = |what, of: &str| app.links.counted(what, of).ok_or(Problem::Fault);
    let folded = mail.to_lowercase();
    let (user, host) = folded.rsplit_once('@').unwrap_or((&folded, ""));
    let user = user.split('+').next().unwrap_or(user);
    let knocked = Knocked {
        id: app.engine.chance().id(),
        mailbox: counted("knock mailbox", &format!("{user}@{host}"))?,
        network: network.map(|network| counted("knock network", &prefix(network))).transpose()?,
        now: app.engine.now(),
    };
    Ok(app.engine.store().count_knock(knocked).await?)
}

#[cfg(test)]
mod tests {
    use super::prefix;

    #[test]
    fn a_network_of_the_sixth_version_counts_as_one() {
        let of = |text: &str| prefix(text.parse().expect("an address"));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:2:2::1"));
        assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
    }
}
