use regulars::stream::Token;
use regulars::telemetry;

use crate::house::{House, ended};
use crate::log::Log;
use crate::peer::{AudioSocket, connect, get, openings, uuid};

async fn calls() {
    let options = regulars::stream::Options { token: Token::new("s3cret"), ..Default::default() };
    let mut house = House::with(options).await;
    for (path, opening) in openings() {
        let separator = if path.contains('?') { '&' } else { '?' };
        let mut peer = connect(house.websockets(), &format!("{path}{separator}token=s3cret")).await;
        peer.text(opening).await;
        let mut arrival = house.arrival_on("pizza").await;
        peer.close().await;
        ended(&mut arrival).await;
    }
    let (text, bytes) = uuid(1);
    let announce = format!("/audiosocket?uuid={text}&from=+4930901820&line=pizza&token=s3cret");
    assert_eq!(get(house.websockets(), &announce, &[]).await.0, 200);
    let mut asterisk = AudioSocket::connect(house.audiosocket()).await;
    asterisk.send(0x01, &bytes).await;
    house.arrival_on("pizza").await;
    house.close().await;
}

#[test]
fn neither_numbers_nor_the_token_reach_the_log_at_its_finest() {
    let log = Log::default();
    let subscriber = telemetry::subscriber("trace", log.clone(), false).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // For this thread only, which is the whole runtime: the other tests log elsewhere.
    tracing::subscriber::with_default(subscriber, || runtime.block_on(calls()));
    let text = log.text();
    assert!(text.contains("a call came in over a stream"), "or this test proves nothing");
    for secret in ["901820", "s3cret", "Kim"] {
        let found = text.lines().find(|line| line.contains(secret));
        assert_eq!(found, None);
    }
}
