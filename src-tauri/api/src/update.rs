//! Asking a channel of releases for its newest one. The answer counts only with the
//! signature of who makes the releases; nothing is downloaded or installed.

use crate::client::root_cause;
use benchtop_model::update::Release;
use minisign_verify::{PublicKey, Signature};
use reqwest::{Client, redirect};
use std::time::Duration;

/// The most time for both files together.
pub const LIMIT: Duration = Duration::from_secs(10);

/// The most bytes of either file; a manifest has a few hundred.
const LARGEST: usize = 64 * 1024;

/// Where releases are told of, and by whose key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Address of the manifest; its signature is beside it, `.minisig` added.
    pub address: String,
    /// Public key of minisign, as its `.pub` file has it in the second line.
    pub key: String,
}

impl Channel {
    /// Who builds the packages sets it while building, and who distributes builds of
    /// their own may set it when the engine starts. Else there is none.
    #[must_use]
    pub fn of_build() -> Option<Self> {
        let set = |name: &str, built: Option<&str>| {
            let built = built.filter(|value| !value.is_empty());
            let now = std::env::var(name).ok().filter(|value| !value.is_empty());
            now.or_else(|| built.map(str::to_owned))
        };
        Some(Self {
            address: set("BENCHTOP_UPDATES", option_env!("BENCHTOP_UPDATES"))?,
            key: set("BENCHTOP_UPDATES_KEY", option_env!("BENCHTOP_UPDATES_KEY"))?,
        })
    }

    /// Asks for the newest release; takes no longer than `limit`.
    ///
    /// # Errors
    ///
    /// One sentence: it does not answer, or the answer is not signed with the key.
    pub async fn newest(&self, limit: Duration) -> Result<Release, String> {
        let both = async {
            let client = client()?;
            let manifest = fetch(&client, &self.address).await?;
            let signature = fetch(&client, &format!("{}.minisig", self.address)).await?;
            read(&self.key, &manifest, &signature)
        };
        tokio::time::timeout(limit, both)
            .await
            .unwrap_or_else(|_| Err(format!("no answer within {limit:?}")))
    }
}

/// Goes through the proxy of the surroundings: unlike all else, this leaves the machine.
fn client() -> Result<Client, String> {
    // A second installation is refused, and that is fine.
    _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .redirect(redirect::Policy::limited(5))
        .user_agent(concat!("benchtop/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| root_cause(&error))
}

async fn fetch(client: &Client, address: &str) -> Result<Vec<u8>, String> {
    let answer = client.get(address).send().await;
    let mut answer = answer.map_err(|error| root_cause(&error))?;
    if !answer.status().is_success() {
        return Err(format!("{address} answered {}", answer.status()));
    }
    let mut all = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(|error| root_cause(&error))? {
        if all.len() + part.len() > LARGEST {
            return Err(format!("{address} is longer than {LARGEST} bytes"));
        }
        all.extend_from_slice(&part);
    }
    Ok(all)
}

/// Nothing of the manifest is looked at before its signature holds.
fn read(key: &str, manifest: &[u8], signature: &[u8]) -> Result<Release, String> {
    let key = PublicKey::from_base64(key.trim());
    let key = key.map_err(|error| format!("the key of this channel is unusable: {error}"))?;
    let signature = std::str::from_utf8(signature).map_err(|_| "the signature is no text")?;
    let signature = Signature::decode(signature);
    let signature = signature.map_err(|error| format!("the signature is unreadable: {error}"))?;
    key.verify(manifest, &signature, false)
        .map_err(|_| "its signature does not fit: it was not made by who made this program")?;
    serde_json::from_slice(manifest).map_err(|error| format!("the manifest is unreadable: {error}"))
}
