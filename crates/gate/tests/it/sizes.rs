//! What goes from step to step by value stays small: it is moved many times for each request.

use signalbox_gate::{
    Forward, IncomingRequest, Relay, RelayBody, Respond, Responded, Sent, Step, UpstreamBody,
};

#[test]
fn what_is_moved_for_each_request_is_small() {
    let sizes = [
        ("Step", size_of::<Step<()>>(), 384),
        ("Forward", size_of::<Forward<()>>(), 128),
        ("Sent", size_of::<Sent<()>>(), 112),
        ("UpstreamBody", size_of::<UpstreamBody>(), 512),
        ("IncomingRequest", size_of::<IncomingRequest>(), 512),
        ("Respond", size_of::<Respond<()>>(), 256),
        ("Responded", size_of::<Responded<()>>(), 1024),
        ("Relay", size_of::<Relay<()>>(), 1024),
        ("RelayBody", size_of::<RelayBody<()>>(), 768),
    ];
    for (what, size, most) in sizes {
        assert!(size <= most, "{what} has {size} bytes, more than {most}");
    }
}
