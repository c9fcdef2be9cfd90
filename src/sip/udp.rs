//! Datagrams in, through the gate, to rsipstack. One task a socket; what it cannot keep up with waits in the kernel and is lost there.

use std::net::SocketAddr;
use std::sync::Arc;

use rsipstack::transport::SipConnection;
use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;

use super::answer::destination;
use super::gate::{Gate, Verdict};
use super::message::{read_datagram, without_invented_tag};
use super::options::Transport;
use super::stack::sip_addr;

/// The largest datagram that IP can carry: anything shorter cuts large INVITEs.
const MAX_DATAGRAM: usize = 65_535;

pub(super) async fn serve(socket: Arc<UdpSocket>, connection: SipConnection, gate: Arc<Gate>, stop: CancellationToken) {
    let mut buffer = vec![0; MAX_DATAGRAM];
    loop {
        let received = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            received = socket.recv_from(&mut buffer) => received,
        };
        // An error here is about some datagram we sent, not about the socket.
        let Ok((length, from)) = received else { continue };
        datagram(&buffer[..length], from, &socket, &connection, &gate).await;
    }
}

async fn datagram(bytes: &[u8], from: SocketAddr, socket: &UdpSocket, connection: &SipConnection, gate: &Gate) {
    // RFC 5626 §4.4: empty lines keep a NAT open, and are nothing else on UDP.
    if !gate.may_read(from) || bytes.iter().all(u8::is_ascii_whitespace) {
        return;
    }
    let Ok(read) = read_datagram(bytes) else { return gate.garbage() };
    match gate.judge(&read, Transport::Udp, from) {
        Verdict::Pass { message, new_call } => {
            let peer = sip_addr(Transport::Udp, from);
            gate.deliver(*message, new_call, connection.clone(), peer).await;
        }
        // A full send queue loses the answer; the request will be repeated.
        Verdict::Answer(answer) => {
            drop(socket.try_send_to(&without_invented_tag(answer), destination(&read.message, from)))
        }
        Verdict::Drop => {}
    }
}
