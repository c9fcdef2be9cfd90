use super::*;
use crate::rtp::Suite;
use crate::sip::sdp::Description;

fn media(lines: &str) -> Media {
    let text = format!("v=0\r\nc=IN IP4 192.0.2.9\r\n{lines}");
    Description::parse(text.as_bytes()).unwrap().media.remove(0)
}

fn answer(lines: &str) -> Option<(Negotiated, String)> {
    let media = media(lines);
    let taken = Taken::of(&media)?;
    Some(taken.answer(&Secret::new([1; 32]), 0, 20_000, media.direction.answered()).unwrap())
}

const KEY: &str = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

#[test]
fn all_that_is_common_is_answered_in_the_order_of_the_peer() {
    let (agreed, text) = answer(
        "m=audio 4000 RTP/AVP 9 111 18 0 110 101 13 96\r\na=rtpmap:111 OPUS/48000/2\r\na=fmtp:111 useinbandfec=1\r\n\
         a=rtpmap:110 telephone-event/48000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n\
         a=rtpmap:96 speex/8000\r\na=ptime:40\r\n",
    )
    .unwrap();
    assert_eq!(agreed.formats, [(9, Codec::G722), (111, Codec::Opus), (0, Codec::Pcmu)]);
    assert_eq!(agreed.events, [(110, 48_000), (101, 8000)]);
    assert_eq!((agreed.comfort_noise, agreed.ptime_ms), (vec![13], 20));
    let expected = "m=audio 20000 RTP/AVP 9 111 0 110 101 13\r\na=rtpmap:9 G722/8000\r\na=rtpmap:111 opus/48000/2\r\n\
         a=fmtp:111 maxplaybackrate=16000;stereo=0;useinbandfec=0\r\na=rtpmap:0 PCMU/8000\r\n\
         a=rtpmap:110 telephone-event/48000\r\na=fmtp:110 0-15\r\na=rtpmap:101 telephone-event/8000\r\n\
         a=fmtp:101 0-15\r\na=rtpmap:13 CN/8000\r\na=ptime:20\r\na=sendrecv\r\n";
    assert_eq!(text, expected);
}

#[test]
fn key_presses_alone_are_no_call_and_their_clock_is_that_of_some_audio() {
    assert_eq!(answer("m=audio 4000 RTP/AVP 101 13\r\na=rtpmap:101 telephone-event/8000\r\n"), None);
    let (agreed, _) = answer("m=audio 4000 RTP/AVP 0 110\r\na=rtpmap:110 telephone-event/48000\r\n").unwrap();
    assert_eq!(agreed.events, [], "nothing has a clock of 48000 here");
    let (agreed, _) =
        answer("m=audio 4000 RTP/AVP 111 101\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n")
            .unwrap();
    assert_eq!(agreed.events, [(101, 8000)], "against RFC 4733, and common");
}

#[test]
fn two_channels_are_taken_of_opus_alone() {
    assert_eq!(answer("m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 PCMU/8000/2\r\n"), None);
    assert!(answer("m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 PCMU/8000/1\r\n").is_some());
    assert!(answer("m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000\r\n").is_some());
    assert_eq!(answer("m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 G722/16000\r\n"), None, "the clock of G.722 is 8000");
}

#[test]
fn packets_are_as_short_as_the_peer_needs_them() {
    for (attribute, ptime) in [("", 20), ("a=maxptime:150\r\n", 20), ("a=maxptime:10\r\n", 10), ("a=ptime:30\r\n", 20)]
    {
        let (agreed, text) = answer(&format!("m=audio 4000 RTP/AVP 0\r\n{attribute}")).unwrap();
        assert_eq!(agreed.ptime_ms, ptime, "{attribute}");
        assert!(text.contains(&format!("a=ptime:{ptime}\r\n")));
    }
}

#[test]
fn rtcp_goes_where_the_peer_says() {
    for (attribute, rtcp) in [
        ("", "192.0.2.9:4001"),
        ("a=rtcp:5005\r\n", "192.0.2.9:5005"),
        ("a=rtcp:5005 IN IP4 192.0.2.77\r\n", "192.0.2.77:5005"),
        ("a=rtcp:nonsense\r\n", "192.0.2.9:4001"),
        ("a=rtcp:5005\r\na=rtcp-mux\r\n", "192.0.2.9:4000"),
    ] {
        let (agreed, text) = answer(&format!("m=audio 4000 RTP/AVP 0\r\n{attribute}")).unwrap();
        assert_eq!(agreed.remote_rtcp, rtcp.parse().unwrap(), "{attribute}");
        let muxed = attribute.contains("mux");
        assert_eq!((agreed.rtcp_mux, text.contains("a=rtcp-mux\r\n")), (muxed, muxed), "{attribute}");
    }
}

#[test]
fn an_encrypted_offer_is_answered_with_the_tag_of_the_first_known_suite_and_a_key_of_ours() {
    let (agreed, text) = answer(&format!(
        "m=audio 4000 RTP/SAVP 0\r\na=crypto:1 AEAD_AES_256_GCM inline:{KEY}\r\n\
         a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:{KEY}|2^31|1:1\r\na=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:{KEY}\r\n"
    ))
    .unwrap();
    let keys = agreed.keys.unwrap();
    assert_eq!((keys.theirs.suite(), keys.ours.suite()), (Suite::AesCm128HmacSha1_32, Suite::AesCm128HmacSha1_32));
    assert_ne!(keys.theirs.expose(), keys.ours.expose());
    assert!(text.starts_with("m=audio 20000 RTP/SAVP 0\r\n"));
    let crypto: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("a=crypto:")).collect();
    let [line] = crypto[..] else { panic!("one line: {crypto:?}") };
    let said = Crypto::parse(line).unwrap();
    assert_eq!((said.tag, said.theirs), (2, keys.ours), "what we say is what we send with");
}

#[test]
fn a_key_decides_only_where_the_transport_asks_for_one() {
    let crypto = format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}\r\n");
    let (agreed, text) = answer(&format!("m=audio 4000 RTP/AVP 0\r\n{crypto}")).unwrap();
    assert_eq!(agreed.keys, None);
    assert!(!text.contains("crypto"), "best-effort encryption is answered plain");
    assert_eq!(answer("m=audio 4000 RTP/SAVP 0\r\n"), None, "no key, no call");
    assert_eq!(answer(&format!("m=audio 4000 UDP/TLS/RTP/SAVPF 0\r\n{crypto}")), None, "DTLS is not ours");
}
