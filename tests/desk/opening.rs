//! The one port: who may reach it, what it serves, and how it says no.

use std::net::SocketAddr;
use std::time::Duration;

use regulars::base::{ErrorKind, Lifecycle};
use regulars::desk::{self, DeskError, Feed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use super::shop::{RunningDesk, options, registry};

async fn open(listen: &str) -> Result<SocketAddr, DeskError> {
    let life = Lifecycle::default();
    let feed = Feed::start(mpsc::channel(1).1, 1, &life);
    let opened = desk::serve(options(listen.parse().unwrap()), feed, registry().await.1, life.clone()).await;
    life.shut_down_hard();
    opened
}

/// One request over plain HTTP/1.1: status line, headers and body as they came.
async fn ask(desk: &RunningDesk, request: &str) -> String {
    let mut stream = TcpStream::connect(desk.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

async fn get(desk: &RunningDesk, path: &str) -> String {
    ask(desk, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).await
}

#[tokio::test]
async fn an_address_that_others_can_reach_is_refused_with_a_way_out() {
    for listen in ["0.0.0.0:8080", "[::]:8080", "192.0.2.1:8080"] {
        let error = open(listen).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied);
        let said = error.to_string();
        assert!(said.contains(listen) && said.contains("sign-in") && said.contains("127.0.0.1:8080"), "{said}");
    }
}

#[tokio::test]
async fn a_busy_port_is_named() {
    let desk = RunningDesk::open().await;
    let listen = desk.address.to_string();
    let error = open(&listen).await.unwrap_err();
    assert!(matches!(error, DeskError::Busy { .. }), "{error:?}");
    assert!(error.to_string().contains(&listen), "{error}");
    desk.close().await;
}

#[tokio::test]
async fn the_page_comes_with_strict_headers_and_is_asked_for_again_each_time() {
    let desk = RunningDesk::open().await;
    for path in ["/", "/line/101", "/supervisor"] {
        let page = get(&desk, path).await;
        assert!(page.starts_with("HTTP/1.1 200 OK"), "{page}");
        assert!(page.contains("content-security-policy: default-src 'self';"), "{page}");
        assert!(page.contains("x-content-type-options: nosniff"), "{page}");
        assert!(page.contains("cache-control: no-cache"), "{page}");
        assert!(page.contains("content-type: text/html"), "{page}");
    }
    assert!(get(&desk, "/assets/none.js").await.starts_with("HTTP/1.1 404"));
    assert!(get(&desk, "/../Cargo.toml").await.starts_with("HTTP/1.1 404"));
    let post = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    assert!(ask(&desk, post).await.starts_with("HTTP/1.1 405"));
    desk.close().await;
}

#[tokio::test]
async fn a_foreign_page_in_the_agents_browser_is_turned_away() {
    let desk = RunningDesk::open().await;
    let rebound = "GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n";
    assert!(ask(&desk, rebound).await.starts_with("HTTP/1.1 403"));
    let foreign = "POST /regulars.v1.DeskService/DescribeDesk HTTP/1.1\r\nHost: localhost\r\n\
                   Origin: https://shop.example\r\nContent-Type: application/grpc-web+proto\r\n\
                   Content-Length: 5\r\nConnection: close\r\n\r\n\0\0\0\0\0";
    assert!(ask(&desk, foreign).await.starts_with("HTTP/1.1 403"));
    let own = foreign.replace("https://shop.example", "http://localhost:8080");
    let answer = ask(&desk, &own).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("Da Nonna"), "{answer}");
    desk.close().await;
}

#[tokio::test]
async fn health_and_reflection_stand_beside_the_desk() {
    let desk = RunningDesk::open().await;
    let channel = tonic::transport::Channel::from_shared(format!("http://{}", desk.address)).unwrap();
    let channel = channel.connect().await.unwrap();

    let services = ["regulars.v1.DeskService", "regulars.v1.SupervisorService"];
    for service in services {
        let service = tonic_health::pb::HealthCheckRequest { service: service.to_owned() };
        let health = HealthClient::new(channel.clone()).check(service).await.unwrap().into_inner();
        assert_eq!(health.status(), tonic_health::pb::health_check_response::ServingStatus::Serving);
    }

    let list = MessageRequest::ListServices(String::new());
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(list) };
    let mut answers = ServerReflectionClient::new(channel)
        .server_reflection_info(tokio_stream::once(request))
        .await
        .unwrap()
        .into_inner();
    let answer = answers.message().await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else { panic!("{answer:?}") };
    for name in services {
        assert!(list.service.iter().any(|service| service.name == name), "{list:?}");
    }
    desk.close().await;
}

#[tokio::test]
async fn garbage_on_the_port_harms_nobody_else() {
    let desk = RunningDesk::open().await;
    let mut client = desk.client().await;
    ask(&desk, "\u{16}\u{3}\u{1}\0\0 this is no HTTP\r\n\r\n").await;
    // A client that begins and says no more stays open beside the others.
    let mut silent = TcpStream::connect(desk.address).await.unwrap();
    silent.write_all(b"GET / HT").await.unwrap();
    let described = client.describe_desk(desk::wire::proto::DescribeDeskRequest {}).await.unwrap();
    assert_eq!(described.into_inner().shop, "Da Nonna");
    drop((client, silent));
    desk.life.shut_down_hard();
    assert!(desk.life.finished(Duration::from_secs(20)).await);
}
