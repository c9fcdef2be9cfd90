use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use regulars::base::{ErrorKind, Lifecycle};
use regulars::stream::{Listener, Options, StreamError, Token};

use crate::house::{HERE, House};
use crate::peer::{get, try_connect};

const PATHS: [&str; 4] = ["/audio-fork", "/asterisk", "/audiohook", "/media-stream"];

async fn guarded() -> House {
    House::with(Options { token: Token::new("s3cret"), ..Options::default() }).await
}

async fn status(house: &House, path: &str, headers: &[(&str, &str)]) -> u16 {
    try_connect(house.websockets(), path, headers).await.err().unwrap_or(101)
}

#[tokio::test]
async fn with_a_token_nobody_comes_in_without_it_on_any_path() {
    let mut house = guarded().await;
    for path in PATHS {
        assert_eq!(status(&house, path, &[]).await, 401, "{path}");
        assert_eq!(status(&house, path, &[("authorization", "Bearer wrong")]).await, 401);
        assert_eq!(status(&house, &format!("{path}?token=wrong"), &[]).await, 401);
        assert_eq!(status(&house, path, &[("authorization", "Bearer s3cret")]).await, 101);
        assert_eq!(status(&house, path, &[("authorization", "Basic cGJ4OnMzY3JldA==")]).await, 101, "pbx:s3cret");
        assert_eq!(status(&house, &format!("{path}?token=s3cret"), &[]).await, 101);
        assert_eq!(status(&house, &format!("{path}/s3cret"), &[]).await, 101);
    }
    let announce = "/audiosocket?uuid=30b0e395-84d3-4570-ac13-9a62d8f514c0";
    assert_eq!(get(house.websockets(), announce, &[]).await.0, 401);
    assert_eq!(get(house.websockets(), &format!("{announce}&token=s3cret"), &[]).await.0, 200);
    assert!(house.nobody_came());
    house.close().await;
}

#[tokio::test]
async fn without_a_token_neither_a_proxy_nor_a_web_page_comes_in() {
    let house = House::open().await;
    assert_eq!(status(&house, "/audio-fork", &[]).await, 101);
    assert_eq!(status(&house, "/audio-fork", &[("origin", "http://localhost")]).await, 101);
    for header in [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.1"), ("origin", "https://shop.example")]
    {
        assert_eq!(status(&house, "/audio-fork", &[header]).await, 401, "{header:?}");
    }
    assert_eq!(status(&house, "/audio-fork", &[("host", "rebound.example")]).await, 401);
    house.close().await;
}

#[tokio::test]
async fn other_paths_and_plain_requests_are_answered() {
    let house = House::open().await;
    assert_eq!(get(house.websockets(), "/", &[]).await.0, 404);
    assert_eq!(get(house.websockets(), "/audio-forks", &[]).await.0, 404);
    let (status, _) = get(house.websockets(), "/audio-fork", &[]).await;
    assert!([400, 426].contains(&status), "no WebSocket: {status}");
    house.close().await;
}

#[tokio::test]
async fn a_listener_that_others_can_reach_needs_a_token() {
    let open = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
    let refused = |options: Options| async {
        let error = Listener::bind(options, Lifecycle::default()).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        error
    };
    let options = Options { listen: Some(open), ..Options::default() };
    assert!(matches!(refused(options).await, StreamError::NoToken { .. }));
    let options = Options { listen: Some(HERE), audiosocket_listen: Some(open), ..Options::default() };
    assert!(matches!(refused(options).await, StreamError::NoToken { .. }));
    let options = Options { audiosocket_listen: Some(HERE), ..Options::default() };
    assert!(matches!(refused(options).await, StreamError::NothingAnnounced));
}
