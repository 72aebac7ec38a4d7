//! How GT's hosts stand.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

/// What is measured of every host.
#[derive(Clone, Debug, Default)]
pub(super) struct HostFamilies {
    pub(super) used: Family<HostLabel, Gauge>,
    pub(super) left_out: Family<LeftOut, Counter>,
}

/// What is measured of one host.
#[derive(Clone, Debug)]
pub(crate) struct HostMetrics {
    host: HostLabel,
    used: Gauge,
    left_out: Family<LeftOut, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct HostLabel {
    host: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct LeftOut {
    host: String,
    cause: &'static str,
}

impl HostFamilies {
    /// A host that is used.
    pub(super) fn of(&self, host: &str) -> HostMetrics {
        let host = HostLabel {
            host: host.to_owned(),
        };
        let used = self.used.get_or_create_owned(&host);
        used.set(1);
        HostMetrics {
            host,
            used,
            left_out: self.left_out.clone(),
        }
    }
}

impl HostMetrics {
    /// Requests go there again.
    pub(crate) fn used(&self) {
        self.used.set(1);
    }

    /// Requests go elsewhere. `cause` is one of the host's words.
    pub(crate) fn left_out(&self, cause: &'static str) {
        self.used.set(0);
        let host = self.host.host.clone();
        self.left_out.get_or_create(&LeftOut { host, cause }).inc();
    }
}
