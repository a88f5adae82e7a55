//! A TCP stream that counts what it handed to the system, so that after a failure we know whether the final dot can have
//! gone out.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Bytes handed to the system so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Written(Arc<AtomicU64>);

impl Written {
    pub(super) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The stream.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    written: Written,
}

impl Wire {
    /// Takes a connected stream. Commands are small and each is waited for: without `TCP_NODELAY` every mail stalls.
    pub(super) fn new(stream: TcpStream) -> io::Result<(Self, Written)> {
        stream.set_nodelay(true)?;
        let written = Written::default();
        Ok((Self { stream, written: written.clone() }, written))
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write(cx, buf);
        if let Poll::Ready(Ok(count)) = &wrote {
            self.written.0.fetch_add(*count as u64, Ordering::Relaxed);
        }
        wrote
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::Wire;

    #[tokio::test]
    async fn no_stream_of_ours_waits_to_gather_small_packets() {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback");
        let address = listener.local_addr().expect("it listens");
        let stream = tokio::net::TcpStream::connect(address).await.expect("it is there");
        assert!(!stream.nodelay().expect("it can be asked"), "the system would gather");
        let (wire, written) = Wire::new(stream).expect("it can be told");
        assert!(wire.stream.nodelay().expect("it can be asked"));
        assert_eq!(written.bytes(), 0);
    }
}
