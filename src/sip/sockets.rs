//! Our UDP sockets, and which of them a request of ours leaves by. rsipstack sends all of its own by the first one, which
//! for a caller on IPv6 or on another network is the wrong one.

use std::future::{Future, pending};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use rsipstack::platform::net::UdpSocket as PlatformSocket;
use tokio::net::UdpSocket;

use super::message::without_invented_tag;

/// Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Sockets(Arc<Vec<(SocketAddr, Arc<UdpSocket>)>>);

impl Sockets {
    pub(super) fn new(sockets: impl IntoIterator<Item = Arc<UdpSocket>>) -> io::Result<Self> {
        let bound = sockets.into_iter().map(|socket| Ok((socket.local_addr()?, socket)));
        Ok(Self(Arc::new(bound.collect::<io::Result<_>>()?)))
    }

    /// Where a request to `to` comes from: what its Via must say.
    pub(super) fn address_for(&self, to: SocketAddr) -> Option<SocketAddr> {
        let (bound, _) = self.towards(to)?;
        address_towards(to, *bound).ok()
    }

    /// The socket of the peer's address family; of several, the one that the system itself would send from.
    fn towards(&self, to: SocketAddr) -> Option<&(SocketAddr, Arc<UdpSocket>)> {
        let mut family = self.0.iter().filter(|(bound, _)| bound.is_ipv4() == to.is_ipv4());
        let first = family.next()?;
        if family.clone().next().is_none() {
            return Some(first);
        }
        let source = source_towards(to).ok()?;
        let fits = |bound: &SocketAddr| bound.ip() == source || bound.ip().is_unspecified();
        std::iter::once(first).chain(family).find(|(bound, _)| fits(bound)).or(Some(first))
    }
}

/// The address that `peer` can reach us at, for a socket that is bound to all of them. Sends nothing.
pub fn address_towards(peer: SocketAddr, bound: SocketAddr) -> io::Result<SocketAddr> {
    if !bound.ip().is_unspecified() {
        return Ok(bound);
    }
    Ok(SocketAddr::new(source_towards(peer)?, bound.port()))
}

/// The address that the system would send from.
fn source_towards(peer: SocketAddr) -> io::Result<IpAddr> {
    // An IPv4 peer of a socket on [::] has a mapped address, which it does not know of itself.
    let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
    let any: IpAddr = if peer.is_ipv4() { [0, 0, 0, 0].into() } else { [0u16; 8].into() };
    let probe = std::net::UdpSocket::bind((any, 0))?;
    probe.connect(peer)?;
    Ok(probe.local_addr()?.ip())
}

/// One of our sockets as rsipstack has it. It may send here; what comes in is read by [`super::udp`] and judged first.
pub(super) struct SendOnly {
    pub(super) own: Arc<UdpSocket>,
    pub(super) all: Sockets,
}

impl SendOnly {
    /// An answer leaves by the socket that its request came to (RFC 3581 §4), a request by the one that leads there.
    fn socket(&self, bytes: &[u8], to: SocketAddr) -> &UdpSocket {
        if bytes.starts_with(b"SIP/2.0 ") {
            return &self.own;
        }
        self.all.towards(to).map_or(&self.own, |(_, socket)| socket)
    }
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = rsipstack::Result<T>> + Send + 'a>>;

impl PlatformSocket for SendOnly {
    fn recv_from<'a, 'b, 'c>(&'a self, _: &'b mut [u8]) -> Boxed<'c, (usize, SocketAddr)>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(pending())
    }

    fn send_to<'a, 'b, 'c>(&'a self, bytes: &'b [u8], to: SocketAddr) -> Boxed<'c, usize>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        let sent = without_invented_tag(bytes.to_vec());
        Box::pin(async move { Ok(self.socket(&sent, to).send_to(&sent, to).await?) })
    }

    fn local_addr(&self) -> rsipstack::Result<SocketAddr> {
        Ok(self.own.local_addr()?)
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    async fn bound(addr: &str) -> Arc<UdpSocket> {
        Arc::new(UdpSocket::bind(addr).await.unwrap())
    }

    #[tokio::test]
    async fn a_request_leaves_by_the_socket_that_leads_to_the_peer() {
        let [v4, other, v6] = [bound("127.0.0.1:0").await, bound("127.0.0.2:0").await, bound("[::1]:0").await];
        let sockets = Sockets::new([v4.clone(), other.clone(), v6.clone()]).unwrap();
        let to = |text: &str| sockets.address_for(text.parse().unwrap());
        assert_eq!(to("[::1]:5060"), v6.local_addr().ok());
        assert_eq!(to("127.0.0.9:5060"), v4.local_addr().ok());
        let swapped = Sockets::new([other, v4.clone()]).unwrap();
        assert_eq!(swapped.address_for("127.0.0.9:5060".parse().unwrap()), v4.local_addr().ok());
        assert_eq!(swapped.address_for("[::1]:5060".parse().unwrap()), None);
        let send = SendOnly { own: v6.clone(), all: sockets };
        let peer = "127.0.0.9:5060".parse().unwrap();
        assert_eq!(send.socket(b"BYE sip:a SIP/2.0", peer).local_addr().unwrap(), v4.local_addr().unwrap());
        assert_eq!(send.socket(b"SIP/2.0 200 OK", peer).local_addr().unwrap(), v6.local_addr().unwrap());
    }

    #[test]
    fn a_mapped_peer_is_told_an_address_of_its_own_family() {
        let here = address_towards("[::ffff:127.0.0.9]:5060".parse().unwrap(), "[::]:5070".parse().unwrap()).unwrap();
        assert_eq!(here, "127.0.0.1:5070".parse().unwrap());
    }
}
