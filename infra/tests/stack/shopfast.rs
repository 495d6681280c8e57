//! Our own template, as it would be deployed.

use infra::typed::Feed;
use infra::{Deployment, NoTemplates, Source, Stack, Template, Typed};

use super::deployment;

fn shopfast(deployment: &Deployment) -> Stack {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/shopfast.yaml");
    let source = Source {
        file: "shopfast.yaml".to_owned(),
        text: std::fs::read_to_string(path).expect("the template is there"),
    };
    Stack::read(source, deployment, &mut NoTemplates).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn every_name_is_known() {
    let stack = shopfast(&deployment(&[("Stage", "prod")]));
    let mut nameless = Vec::new();
    for resource in &stack.resources {
        let name = match &resource.typed {
            Typed::Function(it) => &it.name,
            Typed::Queue(it) => &it.name,
            Typed::Topic(it) => &it.name,
            Typed::Table(it) => &it.name,
            Typed::Api(it) => &it.name,
            Typed::StateMachine(it) => &it.name,
            Typed::EventBus(it) => &it.name,
            Typed::LogGroup(it) => &it.name,
            _ => continue,
        };
        if name.as_text().is_none() {
            nameless.push(resource.logical_id.as_str());
        }
    }
    assert!(nameless.is_empty(), "{nameless:?}");
    assert_eq!(stack.conditions["IsProd"], Some(true));
    assert_eq!(stack.conditions["HasVpc"], Some(false));
}

#[test]
fn both_readers_agree_on_functions() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/shopfast.yaml");
    let text = std::fs::read_to_string(path).expect("the template is there");
    let template = Template::parse(&text).expect("the template is read");
    let stack = shopfast(&Deployment::default());
    let functions = template
        .functions()
        .expect("every function has a name and numbers");
    assert!(functions.len() > 10, "{}", functions.len());
    for one in functions {
        let Some(Typed::Function(other)) = stack.typed(&one.logical_id) else {
            panic!("there is no function {}", one.logical_id)
        };
        assert_eq!(other.name.as_text(), Some(one.name.as_str()));
        assert_eq!(other.timeout_s.known(), Some(one.timeout_s), "{}", one.name);
        assert_eq!(other.memory_mb.known(), Some(one.memory_mb), "{}", one.name);
        // Its own address is no event of SAM.
        let events = other
            .sources
            .iter()
            .filter(|source| source.feed != Feed::FunctionUrl);
        assert_eq!(events.count(), one.events.len(), "{}", one.name);
    }
}

#[test]
fn a_parameter_can_stay_a_symbol() {
    let symbolic = Deployment {
        symbols: ["Stage".to_owned()].into(),
        ..deployment(&[])
    };
    let stack = shopfast(&symbolic);
    let Some(Typed::Api(api)) = stack.typed("ShopApi") else {
        panic!("there is no API")
    };
    assert_eq!(api.stages[0].to_string(), "${Stage}");
    assert_eq!(stack.conditions["IsProd"], None);
}
