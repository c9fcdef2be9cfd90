//! The demo's service: books filled as a shop would fill them, voiceprints of those who agreed.

use std::path::Path;

use anyhow::Context as _;

use super::scenes::Cast;
use super::shop::{ITEMS, Shop};
use super::voices::{self, Voice};
use crate::base::clock;
use crate::config::ConfigArgs;
use crate::customer::{ConsentChannel, ConsentRecord, CustomerId, Purpose};
use crate::desk::consent_script;
use crate::service::Service;
use crate::store::Store;
use crate::store::import::{ImportOptions, Kind, Mapping};
use crate::voice::enroll::Enroller;

/// A shop in `folder`, its books imported before the service opens. The wider search is on, with its reason.
pub async fn open(folder: &Path, desk: &str) -> anyhow::Result<(Service, Shop)> {
    let store = format!("store.url=sqlite:{}", folder.join("demo.db").display());
    let desk = format!("desk.listen={desk}");
    let set = [
        "sip.listen=udp:127.0.0.1:0",
        "identity.search=everyone",
        "identity.search_reason=the demo shows a regular on a withheld number",
        "shop.name=Toni's",
        "shop.currency=EUR",
        "call.wrap_up_s=20",
        &store,
        &desk,
    ];
    let config = ConfigArgs { config: None, set: set.map(str::to_owned).to_vec() }.load()?;
    let shop = Shop::invent(clock::wall(), &config.time_zone);
    let store = Store::open(config.store.clone()).await?;
    let files = [
        (Kind::Customers, shop.customers.as_str()),
        (Kind::Products, ITEMS),
        (Kind::Orders, &shop.orders),
        (Kind::Contacts, &shop.contacts),
    ];
    for (kind, text) in files {
        let options = ImportOptions {
            kind,
            file: format!("{}.csv", kind.as_str()),
            mapping: Mapping::default(),
            keep_good: false,
            dry_run: false,
            time_zone: config.time_zone.clone(),
            country_code: None,
            now: clock::wall(),
            operator: "demo".to_owned(),
        };
        let report = store.import(text.as_bytes(), &options).await?;
        anyhow::ensure!(report.kept, "{report}");
    }
    store.close().await;
    Ok((Service::start(config).await?, shop))
}

/// The same on any free port, with everyone enrolled, and who can call: (number, voice).
pub async fn open_with_voices(folder: &Path, fixtures: &Path) -> anyhow::Result<(Service, Vec<(String, Voice)>)> {
    let (service, shop) = open(folder, "127.0.0.1:0").await?;
    let cast = Cast::new(&shop, voices::load(fixtures)?)?;
    enroll(&service, &cast).await?;
    let callers = cast.regulars.iter().map(|(person, voice)| (person.number.clone(), voice.clone())).collect();
    Ok((service, callers))
}

/// Makes the voiceprints of the cast from their recordings. Returns how many.
pub async fn enroll(service: &Service, cast: &Cast) -> anyhow::Result<usize> {
    let model = service.model.load()?;
    let script = consent_script::in_language(Some("en"), "en");
    for (person, voice) in &cast.regulars {
        let mut enroller = Enroller::default();
        for file in &voice.enroll {
            crate::cli::enroll::hear(&model, file, &mut enroller).with_context(|| file.display().to_string())?;
        }
        let voiceprint = enroller.finish(model.embedder.model(), clock::wall()).with_context(|| voice.id.clone())?;
        let consent = ConsentRecord {
            customer: CustomerId::new(person.id.as_str()),
            purpose: Purpose::Recognise,
            given: true,
            at: clock::wall(),
            script: script.id.to_owned(),
            language: script.language.to_owned(),
            channel: ConsentChannel::Operator,
            operator: super::desk::AGENT.to_owned(),
            call: None,
        };
        service.registry.enroll(consent, voiceprint).await?;
    }
    Ok(cast.regulars.len())
}
