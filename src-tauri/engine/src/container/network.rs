//! The network of an environment. One that is not ours is neither used nor
//! removed, whatever its name.

use super::create::network_name;
use super::instance::{is_status, say};
use super::labels;
use super::runtime::Runtime;
use benchtop_model::plan::Plan;
use bollard::errors::Error;
use bollard::models::NetworkCreateRequest;
use bollard::query_parameters::InspectNetworkOptions;

/// Whose the network of the environment's name is.
enum Owner {
    Us,
    Somebody,
    Nobody,
}

async fn owner(runtime: &Runtime, plan: &Plan, name: &str) -> Result<Owner, Error> {
    let found = runtime
        .docker
        .inspect_network(name, None::<InspectNetworkOptions>)
        .await;
    match found {
        Ok(network) => {
            let labels = network.labels.unwrap_or_default();
            let ours = labels.get(labels::ENVIRONMENT) == Some(&plan.id());
            Ok(if ours { Owner::Us } else { Owner::Somebody })
        }
        Err(error) if is_status(&error, 404) => Ok(Owner::Nobody),
        Err(error) => Err(error),
    }
}

/// Makes the environment's network. Creating is not atomic by name in the
/// engine, so one that exists is looked for first.
pub(super) async fn ensure(runtime: &Runtime, plan: &Plan) -> Result<(), String> {
    let _guard = runtime.network_turn.lock().await;
    let name = network_name(plan);
    match owner(runtime, plan, &name).await {
        Ok(Owner::Us) => return Ok(()),
        Ok(Owner::Nobody) => {}
        Ok(Owner::Somebody) => {
            return Err(format!(
                "the network name {name} is taken by another network; remove or rename that one"
            ));
        }
        Err(error) => {
            return Err(format!(
                "cannot look for the network {name}: {}",
                say(&error)
            ));
        }
    }
    let request = NetworkCreateRequest {
        name: name.clone(),
        labels: Some(labels::of_environment(plan)),
        ..NetworkCreateRequest::default()
    };
    match runtime.docker.create_network(request).await {
        Ok(_) => Ok(()),
        Err(error) if is_status(&error, 409) => Ok(()),
        Err(error) => Err(format!("cannot make the network {name}: {}", say(&error))),
    }
}

/// Removes the environment's network, if it is ours.
pub(super) async fn remove(runtime: &Runtime, plan: &Plan) -> Result<(), String> {
    let name = network_name(plan);
    let outcome = match owner(runtime, plan, &name).await {
        Ok(Owner::Us) => runtime.docker.remove_network(&name).await,
        Ok(Owner::Somebody | Owner::Nobody) => Ok(()),
        Err(error) => Err(error),
    };
    match outcome {
        Err(error) if !is_status(&error, 404) => {
            Err(format!("cannot remove the network {name}: {}", say(&error)))
        }
        _ => Ok(()),
    }
}
