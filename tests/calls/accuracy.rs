//! What agents say of calls, from their screens to the figures of `regulars accuracy` and of the supervisor's page.

use regulars::customer::CustomerId;
use regulars::desk::wire::proto::accuracy_group::Of;
use regulars::desk::wire::proto::supervisor_service_client::SupervisorServiceClient;
use regulars::desk::wire::proto::{
    AccuracyGroup, ConfirmIdentityRequest, DescribeAccuracyRequest, Rate, RecognitionState, RejectIdentityRequest,
    WithdrawConsentRequest,
};
use serde_json::Value;

use crate::house::{ANNA, BEN, House, LINE, NUMBER, Screen, recordings};

/// The last words of an agent, one after the other; `None`: someone else.
async fn judged_call(house: &House, screen: &mut Screen, line: &str, voice: usize, words: &[Option<&CustomerId>]) {
    let phone = house.call_on(line, Some(NUMBER), &recordings(voice, "probe"));
    let card = screen.until("recognised", |card| card.state() == RecognitionState::Recognised).await;
    for word in words {
        let (call_id, agent) = (card.call_id.clone(), "Sal".to_owned());
        match word {
            Some(customer) => {
                let request = ConfirmIdentityRequest { call_id, customer_id: customer.to_string(), agent };
                screen.client.confirm_identity(request).await.unwrap();
            }
            None => drop(screen.client.reject_identity(RejectIdentityRequest { call_id, agent }).await.unwrap()),
        }
    }
    phone.hang_up().await;
    screen.until_empty().await;
}

async fn over_the_wire(house: &House) -> Vec<AccuracyGroup> {
    let mut client = SupervisorServiceClient::connect(format!("http://{}", house.service().desk)).await.unwrap();
    client.describe_accuracy(DescribeAccuracyRequest { days: 30 }).await.unwrap().into_inner().groups
}

/// Calls, FNIR, FPIR and wrong names of one group, each as (errors, of).
type Counts = (u64, [(u64, u64); 3]);

fn printed(json: &Value, group: &str) -> Counts {
    let of = &json["groups"][group];
    let count = |rate: &str| (of[rate]["errors"].as_u64().unwrap(), of[rate]["of"].as_u64().unwrap());
    (of["calls"].as_u64().unwrap(), ["fnir", "fpir", "wrong_name"].map(count))
}

fn answered(groups: &[AccuracyGroup], of: Of) -> Counts {
    let group = groups.iter().find(|group| group.of.as_ref() == Some(&of)).unwrap();
    let count = |rate: Option<Rate>| rate.map(|rate| (rate.count.into(), rate.of.into())).unwrap();
    (group.calls.into(), [group.fnir, group.fpir, group.wrong_name].map(count))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_agents_say_of_real_calls_is_counted_where_it_belongs_until_consent_is_taken_back() {
    let house = House::open(&["call.wrap_up_s=0"]).await;
    let [anna, ben] = [house.customer("Anna Test", Some(NUMBER)).await, house.customer("Ben Test", Some(NUMBER)).await];
    house.enroll(&anna, ANNA).await;
    house.enroll(&ben, BEN).await;
    let mut screen = house.screen().await;
    // Right; nobody who is known; and, at the last word, the other one of the two.
    judged_call(&house, &mut screen, LINE, ANNA, &[Some(&anna)]).await;
    judged_call(&house, &mut screen, LINE, ANNA, &[None]).await;
    judged_call(&house, &mut screen, LINE, ANNA, &[Some(&anna), Some(&ben)]).await;
    let mut screen = house.screen_of("bar").await;
    judged_call(&house, &mut screen, "bar", BEN, &[None, Some(&ben)]).await;

    let json = house.accuracy().await;
    assert_eq!(printed(&json, "all"), (4, [(1, 3), (1, 1), (2, 4)]));
    assert_eq!(printed(&json, "line pizza"), (3, [(1, 2), (1, 1), (2, 3)]));
    assert_eq!(printed(&json, "line bar"), (1, [(0, 1), (0, 0), (0, 1)]));
    let det = &json["groups"]["all"]["det"];
    assert_eq!((&det["targets"], &det["nontargets"], &det["callers"]), (&3.into(), &5.into(), &2.into()));
    assert!(det["eer"].is_null() && det["curve"].as_array().unwrap().is_empty(), "four calls say no more");
    let groups = over_the_wire(&house).await;
    for (of, name) in
        [(Of::All(true), "all"), (Of::Line(LINE.into()), "line pizza"), (Of::Line("bar".into()), "line bar")]
    {
        assert_eq!(answered(&groups, of), printed(&json, name));
    }

    let request = WithdrawConsentRequest { customer_id: ben.to_string(), call_id: String::new(), agent: "Sal".into() };
    screen.client.withdraw_consent(request).await.unwrap();
    let json = house.accuracy().await;
    assert_eq!(printed(&json, "all"), (2, [(0, 1), (1, 1), (1, 2)]), "Ben's calls are gone");
    assert!(json["groups"]["line bar"].is_null());
    let det = &json["groups"]["all"]["det"];
    assert_eq!((&det["targets"], &det["nontargets"]), (&1.into(), &1.into()), "and the comparisons with his print");
    house.stop().await;
}
