//! One HTTP/1.1 request and its answer, on a connection of its own.
//!
//! For what is asked now and then: registries, key sets, collectors, admin listeners. Requests to
//! GT have a pool, which is the host's.
//!
//! What may be relied on:
//! - Nothing is kept for the next time: a connection that is not kept can neither go stale nor carry
//!   a login to where it does not belong.
//! - No redirect is followed, nothing is sent twice, nothing is decompressed.
//! - TLS is always verified. There is no switch that turns this off.
//! - No answer makes it hold more, or wait longer, than its [`Limits`] allow.
//! - Nothing runs on behind a caller: no task is started, and dropping a future closes its
//!   connection. Times are on tokio's clock.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//!
//! use signalbox_http_client::{Connection, Limits, Roots, Tls, Url};
//!
//! let url: Url = "https://login.example/keys".parse()?;
//! let tls = Tls::new(Roots::read(None)?)?;
//! let limits = Limits::new(Duration::from_secs(5), 512 << 10);
//! let connection = Connection::open(&url, Some(&tls), limits).await?;
//! let answer = connection.send(http::Request::new(String::new())).await?;
//! if answer.status() == http::StatusCode::OK {
//!     let keys = answer.into_body().whole().await?;
//! }
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod body;
mod connection;
mod driver;
mod error;
mod limits;
mod tls;
mod url;

pub use body::Body;
pub use connection::Connection;
pub use error::{ClientError, Phase};
pub use limits::Limits;
pub use tls::{Roots, Tls, TlsError};
pub use url::{Host, Origin, Scheme, Url, UrlError};
