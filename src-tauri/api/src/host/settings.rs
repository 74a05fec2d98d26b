//! What a person has chosen, by its key; an empty value is no choice.

use super::Host;

impl Host {
    /// The choice; one that cannot be read is none.
    pub(super) fn setting(&self, key: &str) -> Option<String> {
        let read = self.history.setting(key);
        if let Err(error) = &read {
            tracing::warn!(%error, key, "a setting cannot be read");
        }
        read.ok().flatten().filter(|value| !value.is_empty())
    }

    /// Keeps a choice; who asks for it from then on gets it.
    pub(super) async fn keep_setting(&self, key: &str, value: &str) {
        self.history.set_setting(key, value);
        let history = self.history.clone();
        // A panic of the writer was logged where it happened.
        _ = tokio::task::spawn_blocking(move || history.flush()).await;
    }
}
