//! The media sockets of one call: one is listened to, the others are emptied unread.
//!
//! In a recording session every stream has a socket of its own. Only the caller's may reach the call: what comes to the
//! agent's is dropped here, before anybody knows what it is.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::Poll;

use crate::rtp::Socket;

/// A telephone sends up to 60 ms of 16 kHz samples a packet; anything longer than an Ethernet frame is not RTP audio.
const DATAGRAM_BYTES: usize = 2048;

#[derive(Default)]
pub struct Sockets {
    all: Vec<Socket>,
    /// The one that is listened to.
    heard: Option<usize>,
}

impl Sockets {
    pub fn new(all: Vec<Socket>) -> Self {
        Self { all, heard: None }
    }

    pub fn add(&mut self, more: impl IntoIterator<Item = Socket>) {
        self.all.extend(more);
    }

    /// Listens to this one from now on. What came to it earlier has been let go.
    pub fn listen_to(&mut self, slot: Option<usize>) {
        self.heard = slot;
    }

    /// Gives all ports back.
    pub fn close(&mut self) {
        self.all.clear();
    }

    pub fn heard(&mut self) -> Option<&mut Socket> {
        self.all.get_mut(self.heard?)
    }

    /// The next datagram of the stream that is listened to. Cancel-safe. The buffer is made with the first one.
    pub async fn recv(&self, buffer: &mut Vec<u8>) -> io::Result<(usize, SocketAddr)> {
        let others = poll_fn(|cx| {
            let unheard = self.all.iter().enumerate().filter(|(slot, _)| Some(*slot) != self.heard);
            unheard.for_each(|(_, socket)| socket.poll_drain(cx));
            Poll::<io::Result<(usize, SocketAddr)>>::Pending
        });
        match self.heard.and_then(|slot| self.all.get(slot)) {
            Some(socket) => tokio::select! {
                biased;
                never = others => never,
                datagram = async {
                    if buffer.is_empty() {
                        socket.readable().await?;
                        buffer.resize(DATAGRAM_BYTES, 0);
                    }
                    socket.recv(buffer).await
                } => datagram,
            },
            None => others.await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::PortPool;

    async fn recv(sockets: &Sockets, buffer: &mut Vec<u8>) -> (usize, SocketAddr) {
        let received = tokio::time::timeout(std::time::Duration::from_secs(20), sockets.recv(buffer));
        received.await.expect("a datagram in time").unwrap()
    }

    #[tokio::test]
    async fn only_the_stream_that_is_listened_to_is_read_and_the_past_of_the_others_is_gone() {
        let ports = PortPool::new([127, 0, 0, 1].into(), 30_000..=30_999).unwrap();
        let sockets = [ports.open().await.unwrap(), ports.open().await.unwrap()];
        let [caller, agent] = [0, 1].map(|slot: usize| sockets[slot].local_addr());
        let peer = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut sockets = Sockets::new(sockets.into());
        let mut buffer = Vec::new();

        sockets.listen_to(Some(0));
        peer.send_to(b"agent", agent).unwrap();
        peer.send_to(b"caller", caller).unwrap();
        let (length, from) = recv(&sockets, &mut buffer).await;
        assert_eq!((&buffer[..length], from), (b"caller".as_slice(), peer.local_addr().unwrap()));

        sockets.listen_to(Some(1));
        peer.send_to(b"now", agent).unwrap();
        let (length, _) = recv(&sockets, &mut buffer).await;
        assert_eq!(&buffer[..length], b"now", "what the agent said before is not heard");
    }
}
