//! Questions about logs.

use super::Host;
use super::export;
use super::handlers::Answer;
use super::secrets;
use crate::schema::*;
use benchtop_telemetry::book::{Cancel, LogBook};
use benchtop_telemetry::query::language::QueryError;
use benchtop_telemetry::query::{LogHistogram, LogPage, LogPatterns};
use std::sync::Arc;

impl Host {
    pub(crate) async fn logs_query(self: &Arc<Self>, request: LogsQueryRequest) -> Answer<LogPage> {
        self.search(&request.environment, move |logs, cancel| {
            logs.query_until(&request.query, cancel).map_err(invalid)
        })
        .await
    }

    pub(crate) async fn logs_histogram(
        self: &Arc<Self>,
        request: LogsHistogramRequest,
    ) -> Answer<LogHistogram> {
        self.search(&request.environment, move |logs, cancel| {
            logs.histogram(&request.query, request.buckets, cancel)
                .map_err(invalid)
        })
        .await
    }

    pub(crate) async fn logs_context(
        self: &Arc<Self>,
        request: LogsContextRequest,
    ) -> Answer<LogPage> {
        self.search(&request.environment, move |logs, _| {
            Ok(logs.context(
                request.seq,
                request.before,
                request.after,
                request.same_service,
            ))
        })
        .await
    }

    pub(crate) async fn logs_patterns(
        self: &Arc<Self>,
        request: LogsPatternsRequest,
    ) -> Answer<LogPatterns> {
        self.search(&request.environment, move |logs, cancel| {
            logs.patterns(&request.query, request.baseline, cancel)
                .map_err(invalid)
        })
        .await
    }

    pub(crate) async fn logs_export(
        self: &Arc<Self>,
        request: LogsExportRequest,
    ) -> Answer<LogsExported> {
        let open = self.get(&request.environment).await?;
        self.search(&request.environment.clone(), move |logs, cancel| {
            let (_, redactor) = secrets::redactor(&open)?;
            export::export(logs, &request, &redactor, cancel)
        })
        .await
    }

    /// Answers on a thread that may block. Where the one who asked goes away, the search
    /// ends, too.
    async fn search<T: Send + 'static>(
        self: &Arc<Self>,
        environment: &str,
        answer: impl FnOnce(&LogBook, &Cancel) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        let logs = Arc::clone(&self.get(environment).await?.logs);
        let asker = Asker(Cancel::default());
        let cancel = asker.0.clone();
        match tokio::task::spawn_blocking(move || answer(&logs, &cancel)).await {
            Ok(answer) => answer,
            Err(error) => Err(ApiError::internal(error.to_string())),
        }
    }
}

/// Cancels when the request is dropped.
struct Asker(Cancel);

impl Drop for Asker {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// A query that cannot be understood, with the place and what to write instead.
pub(super) fn invalid(error: QueryError) -> ApiError {
    ApiError {
        hint: Some(error.hint.clone()),
        ..ApiError::invalid(error.to_string())
    }
}
