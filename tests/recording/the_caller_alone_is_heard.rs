//! Whose voice becomes an embedding, in a call of which we get both sides.

use regulars::desk::wire::proto::{RecognitionState, VoiceUse};
use regulars::sip::Transport;

use crate::client::{Client, fixture};
use crate::house::{ANNA, BEN, House, NUMBER, recordings};
use crate::stream::{Network, Stream};

/// Anna and Ben share the number that the fixtures call from, and both have agreed.
async fn household() -> House {
    let house = House::open(&["voice.threads=2"]).await;
    for (name, voice) in [("Anna Test", ANNA), ("Ben Test", BEN)] {
        let customer = house.customer(name, Some(NUMBER)).await;
        house.enroll(&customer, voice).await;
    }
    house
}

async fn client(house: &House, call: &str) -> Client {
    let tcp = house.service().sip.iter().find(|listen| listen.transport == Transport::Tcp).unwrap().addr;
    Client::new(tcp, Transport::Tcp, call).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_regular_is_recognised_at_the_agent_s_screen_while_the_agent_speaks_too() {
    let house = household().await;
    let mut screen = house.screen_of("4711").await;
    let mut client = client(&house, "both-speak").await;
    let answer = client.establish(&fixture("rfc7865.txt")).await;
    let [to_agent, to_caller] = answer.media()[..] else { panic!("two streams") };
    let (mut agent, mut caller) = (Stream::new(to_agent, 21).await, Stream::new(to_caller, 22).await);
    let lossy = Network { lost: 10, doubled: 10, late: 20, held: 100 };
    let (bens, annas) = (recordings(BEN, "probe"), recordings(ANNA, "probe"));
    tokio::join!(agent.speak(&bens, lossy), caller.speak(&annas, lossy));
    let card = screen.until("recognised", |card| card.state() == RecognitionState::Recognised).await;
    let card = if card.profile.is_some() { card } else { screen.until("the dossier", |c| c.profile.is_some()).await };
    assert_eq!((card.line.as_str(), card.number.as_str()), ("4711", NUMBER));
    assert_eq!(card.profile.unwrap().name, "Anna Test");
    client.bye().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_s_voice_alone_is_never_compared_with_anybody() {
    let house = household().await;
    let mut screen = house.screen_of("4711").await;
    let mut client = client(&house, "agent-only").await;
    let answer = client.establish(&fixture("rfc7865.txt")).await;
    let [to_agent, to_caller] = answer.media()[..] else { panic!("two streams") };
    let (mut agent, mut caller) = (Stream::new(to_agent, 31).await, Stream::new(to_caller, 32).await);
    let silence = || (0..400).map(|_| vec![0xff; 160]);
    let whole = Network::default();
    // Ben's voice would be recognised within 4 s, and his is the only voice there is.
    let bens = recordings(BEN, "probe");
    let (_, silent) = tokio::join!(agent.speak(&bens[..1], whole), caller.send(silence(), whole));
    let card = screen.until("an opinion", |card| card.someone_else_chance.is_some()).await;
    assert_eq!(card.voice_use(), VoiceUse::Allowed);
    client.bye().await;
    let card = screen.until("the hang-up", |card| card.end_cause != 0).await;
    assert_eq!((card.state(), card.net_speech_ms), (RecognitionState::Listening, 0));
    let registry = house.service().registry.clone();
    house.stop().await;
    let received = registry.totals().counts().packets_received;
    assert!(received > 0 && received <= silent.packets, "of both streams, {received} of {} were heard", silent.packets);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_metadata_swaps_the_streams_recognition_begins_anew_with_the_other_voice() {
    let house = household().await;
    let mut screen = house.screen_of("4711").await;
    let mut client = client(&house, "swapped").await;
    let answer = client.establish(&fixture("rfc7865.txt")).await;
    let [first, second] = answer.media()[..] else { panic!("two streams") };
    let (mut anna, mut ben) = (Stream::new(first, 41).await, Stream::new(second, 42).await);
    let whole = Network::default();
    let (annas, bens) = (recordings(ANNA, "probe"), recordings(BEN, "probe"));
    tokio::join!(anna.speak(&annas[..1], whole), ben.speak(&bens[..1], whole));
    let named = |name: &'static str| {
        move |card: &regulars::desk::wire::proto::Card| {
            card.profile.as_ref().is_some_and(|profile| profile.name == name)
        }
    };
    screen.until("the voice on the second stream", named("Ben Test")).await;
    let answer = client.ask_in_dialog("UPDATE", Some(&fixture("update-streams-swapped.txt"))).await;
    assert_eq!(answer.status, 200);
    let card = screen.until("somebody else", |card| !card.notice.is_empty()).await;
    assert!(card.profile.is_none() && card.last_order.is_none(), "nothing of the speaker before");
    tokio::join!(anna.speak(&annas, whole), ben.speak(&bens, whole));
    let card = screen.until("the voice on the first stream", named("Anna Test")).await;
    assert_eq!(card.notice, "");
    client.bye().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mixed_stream_shows_the_number_card_and_says_why() {
    let house = household().await;
    let mut screen = house.screen_of("4711").await;
    let mut client = client(&house, "mixed").await;
    let answer = client.establish(&fixture("metaswitch-mixed.txt")).await;
    let mut mixed = Stream::new(answer.media()[0], 51).await;
    let sent = mixed.speak(&recordings(ANNA, "probe")[..1], Network::default()).await;
    let card = screen.until("mixed", |card| card.voice_use() == VoiceUse::Mixed).await;
    assert!(card.voice_reason.contains("one stream"), "{}", card.voice_reason);
    assert_eq!((card.number.as_str(), card.candidates.len()), (NUMBER, 2));
    client.bye().await;
    let card = screen.until("the hang-up", |card| card.end_cause != 0).await;
    assert_eq!((card.state(), card.net_speech_ms), (RecognitionState::Listening, 0));
    let registry = house.service().registry.clone();
    house.stop().await;
    let received = registry.totals().counts().packets_received;
    assert!(received > 0 && received <= sent.packets, "the line counts as alive");
}
