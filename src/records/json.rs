//! The JSON of webhooks is the canonical JSON of the gRPC messages, by their descriptor: one mapping, in both directions.

use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use serde_json::Value;

use crate::desk::wire::proto;

static POOL: LazyLock<Option<DescriptorPool>> = LazyLock::new(|| DescriptorPool::decode(proto::DESCRIPTOR).ok());

/// Why a text is no such message, for whoever sent it.
#[derive(Debug, thiserror::Error)]
#[error("data is no {message}: {reason}")]
pub struct NoMessage {
    pub message: &'static str,
    pub reason: String,
}

/// `name`: of the message in the package, such as "PutContactRequest".
pub fn message<T: Message + Default>(name: &'static str, json: Value) -> Result<T, NoMessage> {
    let fail = |reason: String| NoMessage { message: name, reason };
    let descriptor = descriptor(name).ok_or_else(|| fail("it is not described".to_owned()))?;
    let dynamic = DynamicMessage::deserialize(descriptor, json).map_err(|error| fail(error.to_string()))?;
    dynamic.transcode_to().map_err(|error| fail(error.to_string()))
}

pub fn json(name: &'static str, message: &impl Message) -> Option<Value> {
    let mut dynamic = DynamicMessage::new(descriptor(name)?);
    dynamic.transcode_from(message).ok()?;
    serde_json::to_value(&dynamic).ok()
}

fn descriptor(name: &str) -> Option<MessageDescriptor> {
    POOL.as_ref()?.get_message_by_name(&format!("regulars.v1.{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_message_is_what_its_json_says_and_back() {
        let text = json!({
            "key": "7", "customerId": "c-1", "at": "2026-05-01T18:30:00Z", "channel": "CHANNEL_EMAIL",
            "wanted": "La pizza era fredda", "complaint": "COMPLAINT_OPEN", "itemsConsidered": ["Tiramisù"],
        });
        let contact: proto::PutContactRequest = message("PutContactRequest", text.clone()).unwrap();
        assert_eq!((contact.channel(), contact.complaint()), (proto::Channel::Email, proto::Complaint::Open));
        assert_eq!((contact.at.unwrap().seconds, contact.items_considered[0].as_str()), (1_777_660_200, "Tiramisù"));
        assert_eq!(json("PutContactRequest", &contact), Some(text));
    }

    #[test]
    fn what_is_no_such_message_is_refused_with_its_reason() {
        for (text, part) in [
            (json!({ "custmerId": "c-1" }), "custmerId"),
            (json!({ "channel": "CHANNEL_PIGEON" }), "CHANNEL_PIGEON"),
            (json!({ "at": "yesterday" }), "PutContactRequest"),
            (json!(["no object"]), "PutContactRequest"),
        ] {
            let refused = message::<proto::PutContactRequest>("PutContactRequest", text).unwrap_err().to_string();
            assert!(refused.contains(part), "{refused}");
        }
    }
}
