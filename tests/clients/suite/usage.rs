//! What the gate counts of traffic is what LiteLLM counts of it, to the token.

use signalbox_harness::{
    clients,
    gate::{DEMO, Gate},
    wait_for,
};

#[test]
fn tokens_are_counted_as_litellm_counts_them() {
    let gate = Gate::demo();
    let base = gate.base_v1();
    let told = [
        ("BASE_URL", &*base),
        ("API_KEY", DEMO),
        ("CHAT_MODEL", "gpt-4o"),
        ("EMBED_MODEL", "text-embedding-3-small"),
    ];
    let counted = clients::ask_by("litellm_usage.py", &told);
    assert_eq!(
        (&counted["requests"], &counted["silent"]),
        (&21.into(), &true.into())
    );
    // The last one is a stream in which GT does not say what it took. It is made up by LiteLLM, and
    // not by the gate.
    wait_for("the last request", || {
        (gate.metric(&["signalbox_usage_missing_total{"]) > 0.5).then_some(())
    });
    for kind in ["prompt", "completion", "cached", "reasoning"] {
        let label = format!("kind=\"{kind}\"");
        let parts = ["signalbox_tokens_total{", &label, "source=\"reported\""];
        let theirs = counted[kind].as_f64().unwrap();
        let difference = (gate.metric(&parts) - theirs).abs();
        assert!(difference < 0.5 && theirs > 0.5, "{kind}: {counted}");
    }
    assert!(gate.metric(&["signalbox_tokens_total{", "estimated"]) < 0.5);
}
