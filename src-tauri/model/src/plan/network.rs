//! The networks of an environment, and how a container is connected to them.

use super::settings::is_usual;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A network that a file names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NamedNetwork {
    /// Name in the engine, where the file fixes one.
    #[serde(skip_serializing_if = "is_usual")]
    pub name: Option<String>,
    /// It must exist already, and is never made or removed by us.
    #[serde(skip_serializing_if = "is_usual")]
    pub external: bool,
    /// Driver of the engine, its usual one where absent.
    #[serde(skip_serializing_if = "is_usual")]
    pub driver: Option<String>,
    /// What the driver is told.
    #[serde(skip_serializing_if = "is_usual")]
    pub options: BTreeMap<String, String>,
    /// Nothing in it reaches the world outside.
    #[serde(skip_serializing_if = "is_usual")]
    pub internal: bool,
    /// Containers that are not ours may join.
    #[serde(skip_serializing_if = "is_usual")]
    pub attachable: bool,
    /// Whether it has IPv4 addresses, where the file says so.
    #[serde(skip_serializing_if = "is_usual")]
    pub ipv4: Option<bool>,
    /// Whether it has IPv6 addresses, where the file says so.
    #[serde(skip_serializing_if = "is_usual")]
    pub ipv6: Option<bool>,
    /// Labels of the user.
    #[serde(skip_serializing_if = "is_usual")]
    pub labels: BTreeMap<String, String>,
    /// Who hands out addresses, the engine's own where absent.
    #[serde(skip_serializing_if = "is_usual")]
    pub ipam_driver: Option<String>,
    /// What that one is told.
    #[serde(skip_serializing_if = "is_usual")]
    pub ipam_options: BTreeMap<String, String>,
    /// From which ranges addresses come.
    #[serde(skip_serializing_if = "is_usual")]
    pub pools: Vec<Pool>,
}

/// A range of addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pool {
    /// `172.28.0.0/16`.
    #[serde(skip_serializing_if = "is_usual")]
    pub subnet: Option<String>,
    /// The part of it from which containers get theirs.
    #[serde(skip_serializing_if = "is_usual")]
    pub ip_range: Option<String>,
    /// Address of the way out.
    #[serde(skip_serializing_if = "is_usual")]
    pub gateway: Option<String>,
    /// Addresses that are taken, by name.
    #[serde(skip_serializing_if = "is_usual")]
    pub reserved: BTreeMap<String, String>,
}

/// How a container is connected to one network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attachment {
    /// Further names there.
    #[serde(skip_serializing_if = "is_usual")]
    pub aliases: Vec<String>,
    /// Its address there, where the file fixes one.
    #[serde(skip_serializing_if = "is_usual")]
    pub ipv4: Option<String>,
    /// The same of the other family.
    #[serde(skip_serializing_if = "is_usual")]
    pub ipv6: Option<String>,
    /// Addresses that are only valid on the link.
    #[serde(skip_serializing_if = "is_usual")]
    pub link_local: Vec<String>,
    /// Hardware address there.
    #[serde(skip_serializing_if = "is_usual")]
    pub mac_address: Option<String>,
    /// What the network's driver is told of this container.
    #[serde(skip_serializing_if = "is_usual")]
    pub options: BTreeMap<String, String>,
    /// The highest is connected first, and is the way out.
    #[serde(skip_serializing_if = "is_usual")]
    pub priority: i64,
}

/// One of several instances of what is written once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replica {
    /// The service as it is written.
    pub of: String,
    /// From 1.
    pub number: u32,
}
