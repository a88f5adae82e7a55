//! Serving the pages until somebody says stop; what is in flight is answered first.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::{App, router};

/// Serves the pages until `stop` comes back, then answers what is in flight.
///
/// # Errors
/// The listener fails.
pub async fn serve(
    listener: TcpListener,
    app: App,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router(app).into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(stop)
        .await
}
