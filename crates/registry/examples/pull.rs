//! Pulls a component again and again and says how long that took.
//!
//! ```text
//! cargo run -p signalbox-registry --example pull -- oci://127.0.0.1:5000/litellm:stable
//! ```
//!
//! The registry is spoken to without TLS.

use std::error::Error;
use std::io::Write;
use std::time::{Duration, Instant};

use signalbox_registry::{Reference, Registry, Settings};

const TIMES: usize = 200;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let text = std::env::args().nth(1).ok_or("which reference?")?;
    let reference: Reference = text.parse()?;
    let registry = Registry::new(Settings {
        plaintext: vec![reference.registry()],
        ..Settings::default()
    })?;
    let (mut looks, mut pulls) = (Vec::new(), Vec::new());
    let mut bytes = 0;
    for _ in 0..TIMES {
        let begun = Instant::now();
        registry.look(&reference).await?;
        looks.push(begun.elapsed());
        let begun = Instant::now();
        bytes = registry.pull(&reference).await?.component.len();
        pulls.push(begun.elapsed());
    }
    let (look, pull) = (quantiles(looks), quantiles(pulls));
    let mut out = std::io::stdout();
    writeln!(out, "look {look}\npull {pull} of {bytes} bytes")?;
    Ok(())
}

fn quantiles(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |part: usize| {
        times
            .get(times.len() * part / 100)
            .copied()
            .unwrap_or_default()
    };
    format!("p50 {:?}, p99 {:?}", at(50), at(99))
}
