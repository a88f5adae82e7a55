//! What may go wrong on the way to a page. Handlers return one of these; `gate` makes all of them into pages.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::engine::Failure;
use crate::store::StoreError;

/// Why there is no page; what a person is told stands in the catalogue under `problem.<key>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// No such page. Unknown, forged and damaged links look exactly alike.
    NotFound,
    /// Not a host of this installation.
    Misdirected,
    /// The form was sent from another site.
    Elsewhere,
    /// No such method here.
    Method,
    /// Asked for too often.
    TooMany,
    /// Larger than is taken.
    TooLarge,
    /// The form cannot be read.
    BadForm,
    /// It took too long.
    Slow,
    /// The database cannot be reached now.
    Unavailable,
    /// A fault of ours; what it was stands in the log.
    Fault,
}

impl Problem {
    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::Elsewhere => StatusCode::FORBIDDEN,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BadForm => StatusCode::BAD_REQUEST,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Fault => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Its name in the catalogue.
    pub fn key(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Misdirected => "misdirected",
            Self::Elsewhere => "elsewhere",
            Self::Method => "method",
            Self::TooMany => "too_many",
            Self::TooLarge => "too_large",
            Self::BadForm => "bad_form",
            Self::Slow => "slow",
            Self::Unavailable => "unavailable",
            Self::Fault => "fault",
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(what) => {
                tracing::warn!(what, "the database cannot be reached; a page was answered with 503");
                Self::Unavailable
            }
            StoreError::Taken(_)
            | StoreError::Outrun
            | StoreError::Redeployed
            | StoreError::Corrupt { .. }
            | StoreError::Newer { .. }
            | StoreError::Older { .. }
            | StoreError::Database(_) => {
                tracing::error!(%error, "a page could not be made");
                Self::Fault
            }
        }
    }
}

impl From<minijinja::Error> for Problem {
    fn from(error: minijinja::Error) -> Self {
        tracing::error!(error = format!("{error:#}"), "a template failed");
        Self::Fault
    }
}

impl Problem {
    /// The refusal, if a failure is one.
    ///
    /// # Errors
    /// The world failed.
    pub fn of_failure(failure: Failure) -> Result<crate::dossier::refusal::Refusal, Self> {
        match failure {
            Failure::Refused(refusal) => Ok(refusal),
            Failure::Store(error) => Err(error.into()),
        }
    }
}

impl IntoResponse for Problem {
    /// Only the status, and the problem itself for the gate, which knows the reader's language.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
