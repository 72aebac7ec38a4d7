//! The cluster of the gate.

use super::Findings;
use super::codes::Code;
use super::tree::{Node, is, word};

/// Checks the cluster the gate is asked at: whether a gate that stands still is noticed.
pub(super) fn check(
    filter: &Node,
    service: Option<&Node>,
    resources: Option<&Node>,
    found: &mut Findings,
) -> bool {
    let Some(service) = service else {
        let message = "there is no `grpc_service`: heads alone go to the gate, or nothing does";
        found.add(Code::NotObeyed, filter, message);
        return false;
    };
    let name = service.value.get("envoy_grpc");
    let name = name.and_then(|it| word(&it.value, "cluster_name"));
    let clusters = resources.and_then(|it| it.value.get("clusters"));
    let mut clusters = clusters.map_or(&[][..], |it| it.value.items()).iter();
    let Some(cluster) = clusters.find(|it| word(&it.value, "name") == name && name.is_some())
    else {
        // It comes from elsewhere: nothing is known of it.
        return true;
    };
    if !is_private(cluster) {
        let message = "the gate is asked over a port without a certificate of Envoy's";
        found.add(Code::OpenProcessor, cluster, message);
    }
    has_keepalive(cluster)
}

/// Whether all its endpoints are Unix sockets, or it shows a certificate.
fn is_private(cluster: &Node) -> bool {
    let endpoints = cluster.value.at(&["load_assignment", "endpoints"]);
    let endpoints = endpoints.map_or(&[][..], |it| it.value.items()).iter();
    let mut addresses = endpoints.flat_map(|it| {
        let each = it.value.get("lb_endpoints");
        each.map_or(&[][..], |it| it.value.items())
    });
    let is_pipe = |it: &Node| it.value.at(&["endpoint", "address", "pipe"]).is_some();
    let path = ["transport_socket", "typed_config", "common_tls_context"];
    let context = cluster.value.at(&path);
    let shows = context.is_some_and(|context| {
        let certificates = ["tls_certificates", "tls_certificate_sds_secret_configs"];
        certificates
            .iter()
            .any(|key| context.value.get(key).is_some())
    });
    shows || addresses.all(is_pipe)
}

fn has_keepalive(cluster: &Node) -> bool {
    let options = cluster.value.get("typed_extension_protocol_options");
    let mut options = options.map_or(&[][..], |it| it.value.entries()).iter();
    let options = options.find(|(_, it)| is(it, "HttpProtocolOptions"));
    let of = |key| options.and_then(|(_, it)| it.value.at(&[key, "http2_protocol_options"]));
    let http2 = of("explicit_http_config").or_else(|| of("auto_config"));
    let http2 = http2.or_else(|| cluster.value.get("http2_protocol_options"));
    http2.is_some_and(|it| it.value.get("connection_keepalive").is_some())
}
