//! From a command line to an engine and an environment in it.

use crate::arguments::Which;
use crate::exit::Failure;
use benchtop_api::client::Client;
use benchtop_api::launch;
use benchtop_api::paths::Paths;
use benchtop_api::schema::EnvironmentOpenRequest;

/// An engine and one of its environments.
pub(crate) struct Connection {
    pub(crate) client: Client,
    /// The environment's identity.
    pub(crate) environment: String,
}

/// The engine, started if need be.
pub(crate) async fn engine() -> Result<Client, Failure> {
    let own = std::env::current_exe().unwrap_or_else(|_| launch::find_program());
    Ok(Client::connect_or_start(Paths::of_user(), &own).await?)
}

/// The environment that is meant, opened if need be.
pub(crate) async fn open(which: &Which) -> Result<Connection, Failure> {
    let client = engine().await?;
    let environment = client.call(&request(which)?).await?;
    Ok(Connection {
        client,
        environment: environment.id,
    })
}

/// The request that opens what is meant.
pub(crate) fn request(which: &Which) -> Result<EnvironmentOpenRequest, Failure> {
    let path = match (&which.file, which.sample) {
        (_, true) => None,
        (Some(file), false) => Some(std::path::absolute(file)?),
        (None, false) => Some(std::env::current_dir()?),
    };
    Ok(EnvironmentOpenRequest {
        path: path.map(|path| path.display().to_string()),
        profiles: which.profiles.clone(),
        variables: std::env::vars_os()
            .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
            .collect(),
    })
}
