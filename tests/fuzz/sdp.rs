use regulars::rtp::Codec;
use regulars::sip::sdp::{Description, Local, Secret, Take, answer, offer};

use crate::breaks::{Break, TIME, broken};

const OFFER: &[u8] = b"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\na=sendonly\r\n\
m=video 5000 RTP/AVP 97 98\r\nm=audio 5002 RTP/SAVP 8\r\n\
a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4\r\na=label:1\r\n\
m=audio 5004/2 RTP/AVP 111 9 8 0 13 101\r\nc=IN IP6 2001:db8::9/127/3\r\na=rtpmap:111 opus/48000/2\r\n\
a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=maxptime:60\r\na=rtcp:5010 IN IP4 192.0.2.9\r\n\
a=rtcp-mux\r\na=label:2\r\na=inactive\r\n";

#[test]
fn every_m_line_of_an_offer_is_answered() {
    let rtp = [20000, 20002, 20004].map(|port| ([192, 0, 2, 1], port).into()).to_vec();
    bolero::check!().with_type::<(bool, Vec<Break>)>().with_test_time(TIME).for_each(|(all, breaks)| {
        let take = if *all { Take::All } else { Take::One };
        let local = Local { session: 7, version: 3, rtp: rtp.clone(), take, secret: Secret::new([7; 32]) };
        let Ok(description) = Description::parse(&broken(OFFER, breaks)) else { return };
        let Ok(answered) = answer(&description, &local) else { return };
        let again = Description::parse(answered.text.as_bytes());
        let again = again.unwrap_or_else(|error| panic!("{error}: {}", answered.text));
        assert_eq!(again.media.len(), description.media.len(), "{}", answered.text);
        for stream in &answered.streams {
            assert!(stream.slot < rtp.len() && !stream.media.formats.is_empty());
        }
        let ours = offer(&local, &Codec::ALL, &answered.lines);
        assert_eq!(Description::parse(ours.as_bytes()).unwrap().media.len(), description.media.len(), "{ours}");
    });
}
