//! Ports: those given, else those used last where they are free, else free ones. Keeping them keeps a person's
//! bookmarked `curl` working.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use serde::{Deserialize, Serialize};

use crate::exit::{Exit, Failure};

/// A port per listener; 0 means not chosen yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::Args)]
#[serde(default)]
pub(crate) struct Ports {
    /// Port of the AWS endpoint [default: a free one, kept across restarts]
    #[arg(
        long = "port-aws",
        value_name = "PORT",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub(crate) aws: u16,
    /// Port of the shop's REST API [default: a free one, kept across restarts]
    #[arg(
        long = "port-api",
        value_name = "PORT",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub(crate) api: u16,
    /// Port of the product function's URL [default: a free one, kept across restarts]
    #[arg(
        long = "port-products",
        value_name = "PORT",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub(crate) products: u16,
    /// Port of the emulator [default: a free one, kept across restarts]
    #[arg(
        long = "port-emulator",
        value_name = "PORT",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub(crate) emulator: u16,
    /// Port of the function runner [default: a free one, kept across restarts]
    #[arg(
        long = "port-runner",
        value_name = "PORT",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub(crate) runner: u16,
    /// Port of the runbooks' pages [default: a free one, kept across restarts]
    #[arg(
        long = "port-runbooks",
        value_name = "PORT",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub(crate) runbooks: u16,
}

impl Ports {
    /// As they are typed; those not chosen are left out.
    pub(crate) fn as_arguments(self) -> Vec<String> {
        let Self {
            aws,
            api,
            products,
            emulator,
            runner,
            runbooks,
        } = self;
        [
            ("aws", aws),
            ("api", api),
            ("products", products),
            ("emulator", emulator),
            ("runner", runner),
            ("runbooks", runbooks),
        ]
        .iter()
        .filter(|(_, port)| *port != 0)
        .map(|(name, port)| format!("--port-{name}={port}"))
        .collect()
    }
}

/// Ports that were free a moment ago, held until [`Reserved::release`].
#[derive(Debug)]
pub(crate) struct Reserved {
    pub(crate) ports: Ports,
    _held: Vec<TcpListener>,
}

impl Reserved {
    /// Lets go, for those who listen there to take them.
    pub(crate) fn release(self) -> Ports {
        self.ports
    }
}

/// Chooses every port.
pub(crate) fn choose(given: Ports, last: Ports) -> Result<Reserved, Failure> {
    let mut held = Vec::new();
    let mut choose = |name: &str, given: u16, last: u16| -> Result<u16, Failure> {
        let listener = if given == 0 {
            bind(last).or_else(|_| bind(0))
        } else {
            bind(given)
        };
        let listener = listener.map_err(|error| {
            Failure::new(Exit::Environment, format!("listen on port {given} of 127.0.0.1"))
                .cure(format!(
                    "another program uses it: give --port-{name} another one, or leave it out for a free one"
                ))
                .caused_by(error)
        })?;
        let port = listener.local_addr().map_or(0, |address| address.port());
        held.push(listener);
        Ok(port)
    };
    let ports = Ports {
        aws: choose("aws", given.aws, last.aws)?,
        api: choose("api", given.api, last.api)?,
        products: choose("products", given.products, last.products)?,
        emulator: choose("emulator", given.emulator, last.emulator)?,
        runner: choose("runner", given.runner, last.runner)?,
        runbooks: choose("runbooks", given.runbooks, last.runbooks)?,
    };
    Ok(Reserved { ports, _held: held })
}

/// The loopback address with this port.
pub(crate) fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

fn bind(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind(loopback(port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_ports_are_taken_again_and_all_differ() {
        let first = choose(Ports::default(), Ports::default()).unwrap().release();
        let chosen = [
            first.aws,
            first.api,
            first.products,
            first.emulator,
            first.runner,
            first.runbooks,
        ];
        let distinct: std::collections::BTreeSet<u16> = chosen.into_iter().collect();
        assert_eq!(distinct.len(), chosen.len());
        assert!(!distinct.contains(&0));
        assert_eq!(choose(Ports::default(), first).unwrap().release(), first);
    }

    #[test]
    fn a_taken_port_is_replaced_when_it_was_last_and_refused_when_it_was_given() {
        let taken = bind(0).unwrap();
        let aws = taken.local_addr().unwrap().port();
        let ports = Ports {
            aws,
            ..Ports::default()
        };
        assert_ne!(choose(Ports::default(), ports).unwrap().release().aws, aws);
        let refused = choose(ports, Ports::default()).unwrap_err();
        assert_eq!(refused.exit(), Exit::Environment);
        assert!(refused.to_string().contains(&aws.to_string()));
    }
}
