//! The networks of an environment in the engine: made when they are needed,
//! removed with the environment. One that is not ours is only used where the file
//! says that it is external, and never removed, whatever its name.

use super::create::{attachments, engine_name};
use super::instance::{Launch, is_status, say};
use super::labels;
use super::runtime::Runtime;
use benchtop_model::plan::{NamedNetwork, Plan, Pool};
use bollard::models::{Ipam, IpamConfig, NetworkConnectRequest, NetworkCreateRequest};
use bollard::query_parameters as q;
use std::collections::HashMap;

/// Whose the network of a name is.
enum Owner {
    Us,
    Somebody,
    Nobody,
}

async fn owner(runtime: &Runtime, plan: &Plan, name: &str) -> Result<Owner, String> {
    let look = runtime
        .docker
        .inspect_network(name, None::<q::InspectNetworkOptions>);
    match look.await {
        Ok(network) => {
            let labels = network.labels.unwrap_or_default();
            let ours = labels.get(labels::ENVIRONMENT) == Some(&plan.id());
            Ok(if ours { Owner::Us } else { Owner::Somebody })
        }
        Err(error) if is_status(&error, 404) => Ok(Owner::Nobody),
        Err(error) => Err(format!(
            "cannot look for the network {name}: {}",
            say(&error)
        )),
    }
}

/// Makes the networks of a container, where they are not there. Creating is not
/// atomic by name in the engine, so one that exists is looked for first, by one
/// launch at a time.
pub(super) async fn ensure(runtime: &Runtime, launch: &Launch<'_>) -> Result<(), String> {
    let _guard = runtime.network_turn.lock().await;
    for (key, _) in attachments(launch.service, launch.container) {
        ensure_one(runtime, launch.plan, &key).await?;
    }
    Ok(())
}

async fn ensure_one(runtime: &Runtime, plan: &Plan, key: &str) -> Result<(), String> {
    let name = engine_name(plan, key);
    let usual = NamedNetwork::default();
    let network = plan.networks.get(key).unwrap_or(&usual);
    match (owner(runtime, plan, &name).await?, network.external) {
        (Owner::Us, _) | (Owner::Somebody, true) => return Ok(()),
        (Owner::Nobody, false) => {}
        (Owner::Nobody, true) => {
            return Err(format!(
                "the external network {name} does not exist; make it with \
                 `docker network create {name}`"
            ));
        }
        (Owner::Somebody, false) => {
            return Err(format!(
                "the network name {name} is taken by another network; remove or rename that one"
            ));
        }
    }
    match runtime
        .docker
        .create_network(request(plan, &name, network))
        .await
    {
        Ok(_) => Ok(()),
        Err(error) if is_status(&error, 409) => Ok(()),
        Err(error) => Err(format!("cannot make the network {name}: {}", say(&error))),
    }
}

/// The body of the create request. Pure.
fn request(plan: &Plan, name: &str, network: &NamedNetwork) -> NetworkCreateRequest {
    let mut all: HashMap<String, String> = network.labels.clone().into_iter().collect();
    all.extend(labels::of_environment(plan));
    let options: HashMap<String, String> = network.options.clone().into_iter().collect();
    let ipam_options: HashMap<String, String> = network.ipam_options.clone().into_iter().collect();
    let has_ipam =
        network.ipam_driver.is_some() || !network.pools.is_empty() || !ipam_options.is_empty();
    NetworkCreateRequest {
        name: name.to_owned(),
        labels: Some(all),
        driver: network.driver.clone(),
        options: Some(options).filter(|all| !all.is_empty()),
        internal: network.internal.then_some(true),
        attachable: network.attachable.then_some(true),
        enable_ipv4: network.ipv4,
        enable_ipv6: network.ipv6,
        ipam: has_ipam.then(|| Ipam {
            driver: network.ipam_driver.clone(),
            config: Some(network.pools.iter().map(pool).collect()),
            options: Some(ipam_options).filter(|all| !all.is_empty()),
        }),
        ..NetworkCreateRequest::default()
    }
}

fn pool(pool: &Pool) -> IpamConfig {
    let reserved: HashMap<String, String> = pool.reserved.clone().into_iter().collect();
    IpamConfig {
        subnet: pool.subnet.clone(),
        ip_range: pool.ip_range.clone(),
        gateway: pool.gateway.clone(),
        auxiliary_addresses: Some(reserved).filter(|all| !all.is_empty()),
    }
}

/// Connects a new container to all its networks but the first, with which it was
/// made: older engines take only one there.
pub(super) async fn connect(
    runtime: &Runtime,
    launch: &Launch<'_>,
    id: &str,
) -> Result<(), String> {
    let all = attachments(launch.service, launch.container);
    for (key, endpoint) in all.into_iter().skip(1) {
        let name = engine_name(launch.plan, &key);
        let request = NetworkConnectRequest {
            container: id.to_owned(),
            endpoint_config: Some(endpoint),
        };
        let connected = runtime.docker.connect_network(&name, request).await;
        connected.map_err(|e| format!("cannot connect to the network {name}: {}", say(&e)))?;
    }
    Ok(())
}

/// Removes those that are ours.
///
/// # Errors
/// One sentence about the first that could not be removed.
pub(super) async fn remove_all(runtime: &Runtime, plan: &Plan) -> Result<(), String> {
    let filters = HashMap::from([(
        "label".to_owned(),
        vec![format!("{}={}", labels::ENVIRONMENT, plan.id())],
    )]);
    let options = q::ListNetworksOptions {
        filters: Some(filters),
    };
    let found = runtime.docker.list_networks(Some(options)).await;
    let found = found.map_err(|e| format!("cannot list networks: {}", say(&e)))?;
    for name in found.into_iter().filter_map(|network| network.name) {
        match runtime.docker.remove_network(&name).await {
            Err(error) if !is_status(&error, 404) => {
                return Err(format!("cannot remove the network {name}: {}", say(&error)));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use benchtop_model::file::load_alone;

    #[test]
    fn what_is_written_of_a_network_reaches_the_request() {
        let text = "name: n
services: {a: {image: x, networks: [back]}}
networks:
  back:
    driver: bridge
    internal: true
    driver_opts: {o: 1}
    labels: {l: m}
    enable_ipv4: false
    ipam: {options: {a: b}, config: [{subnet: 10.9.0.0/24, gateway: 10.9.0.1, aux_addresses: {h: 10.9.0.9}}]}
";
        let loaded = load_alone(text);
        let plan = loaded
            .plan
            .unwrap_or_else(|| panic!("{:?}", loaded.problems));
        let name = engine_name(&plan, "back");
        assert!(name.starts_with("n-") && name.ends_with("-back"), "{name}");
        let request = request(&plan, &name, &plan.networks["back"]);
        assert_eq!(
            (request.internal, request.driver.as_deref()),
            (Some(true), Some("bridge"))
        );
        assert_eq!(request.options.expect("options")["o"], "1");
        let all = request.labels.expect("labels");
        assert_eq!(all["l"], "m");
        assert_eq!(all[labels::ENVIRONMENT], plan.id());
        assert_eq!(request.enable_ipv4, Some(false));
        let ipam = request.ipam.expect("addresses");
        assert_eq!(ipam.options.expect("options")["a"], "b");
        let pools = ipam.config.expect("pools");
        assert_eq!(pools[0].subnet.as_deref(), Some("10.9.0.0/24"));
        assert_eq!(pools[0].gateway.as_deref(), Some("10.9.0.1"));
        assert_eq!(
            pools[0].auxiliary_addresses.as_ref().expect("taken")["h"],
            "10.9.0.9"
        );
    }
}
