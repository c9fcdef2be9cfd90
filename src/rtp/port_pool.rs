//! Media ports: handed out in turn, so that a port just given back rests longest and late packets of its last call find nobody.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::UdpSocket;

use super::{RtpError, Socket};

pub struct PortPool {
    ip: IpAddr,
    /// First even port, and how many pairs follow from it.
    first: u16,
    pairs: usize,
    turn: AtomicUsize,
}

impl PortPool {
    /// The even ports of `range` whose odd neighbour is in it too.
    pub fn new(ip: IpAddr, range: RangeInclusive<u16>) -> Result<Self, RtpError> {
        let (first, last) = (*range.start(), *range.end());
        let even = u32::from(first).next_multiple_of(2);
        let pairs = ((u32::from(last) + 1).saturating_sub(even) / 2) as usize;
        if pairs == 0 || even == 0 {
            return Err(RtpError::EmptyRange { first, last });
        }
        Ok(Self { ip, first: even as u16, pairs, turn: AtomicUsize::new(0) })
    }

    /// Binds the next free pair. Ports that another program holds are skipped.
    pub async fn open(&self) -> Result<Socket, RtpError> {
        for _ in 0..self.pairs {
            let turn = self.turn.fetch_add(1, Ordering::Relaxed) % self.pairs;
            let port = self.first + 2 * turn as u16;
            // Both or neither: a pair with one port taken is left alone.
            let Some(rtp) = self.bind(port).await? else { continue };
            let Some(rtcp) = self.bind(port + 1).await? else { continue };
            return Socket::new(rtp, rtcp).map_err(|source| RtpError::Socket { ip: self.ip, source });
        }
        let last = self.first + (2 * self.pairs - 1) as u16;
        Err(RtpError::PortsExhausted { ip: self.ip, first: self.first, last })
    }

    /// `None`: the port is taken. Any other failure, such as an address that is not ours, is the same for every port.
    #[allow(clippy::disallowed_methods)] // the ban points here
    async fn bind(&self, port: u16) -> Result<Option<UdpSocket>, RtpError> {
        match UdpSocket::bind(SocketAddr::new(self.ip, port)).await {
            Ok(socket) => Ok(Some(socket)),
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Ok(None),
            Err(source) => Err(RtpError::Socket { ip: self.ip, source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    /// A range on this machine whose first pair is free at this moment: the system names the even port.
    async fn free_even_port() -> u16 {
        loop {
            let probe = std::net::UdpSocket::bind((HOST, 0)).unwrap();
            let port = probe.local_addr().unwrap().port();
            let even = port & !1;
            if even < 60_000 && std::net::UdpSocket::bind((HOST, even + 3)).is_ok() {
                return even;
            }
        }
    }

    #[tokio::test]
    async fn pairs_are_even_and_a_busy_one_is_skipped() {
        let even = free_even_port().await;
        let _busy = std::net::UdpSocket::bind((HOST, even + 1)).unwrap();
        let pool = PortPool::new(HOST, even..=even + 3).unwrap();
        let socket = pool.open().await.unwrap();
        assert_eq!(socket.local_addr().port(), even + 2, "the pair with a busy RTCP port is skipped");
        let exhausted = pool.open().await.err().unwrap();
        assert!(matches!(exhausted, RtpError::PortsExhausted { .. }));
        assert_eq!(exhausted.kind(), crate::base::ErrorKind::Unavailable);
        drop(socket);
        assert!(pool.open().await.is_ok(), "given back when dropped");
    }

    #[test]
    fn a_range_without_a_pair_is_refused() {
        for range in [20001..=20002, 20000..=20000, 0..=0, 65535..=65535] {
            assert!(matches!(PortPool::new(HOST, range), Err(RtpError::EmptyRange { .. })));
        }
        assert_eq!(PortPool::new(HOST, 65534..=65535).unwrap().pairs, 1);
    }
}
