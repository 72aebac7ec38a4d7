//! Real clients through the proxies that do all of JSON: Envoy with the module, and nginx with njs. Each makes of them
//! what it makes of the host, and GT is asked for its own names, with its own key, and for nothing that is refused.

use std::net::SocketAddr;

use serde_json::Value;
use signalbox_gt_sim::{Handle, Recorded};
use signalbox_harness::{
    checklist,
    clients::{self, LitellmProxy, Setting},
    gate::DEMO,
};

/// A proxy, and GT behind it.
trait Front {
    fn address(&self) -> SocketAddr;
    fn gt(&self) -> &Handle;
}

macro_rules! each_client {
    ($open:ident) => {
        #[test]
        fn openai_python_passes_the_checklist() {
            super::openai_python(&$open());
        }

        #[test]
        fn openai_node_passes_the_checklist() {
            super::openai_node(&$open());
        }

        #[test]
        fn litellm_proxy_passes_the_checklist() {
            super::litellm_proxy(&$open());
        }
    };
}

mod envoy {
    use std::net::SocketAddr;

    use serde_json::json;
    use signalbox_gt_sim::{Handle, Tenant};
    use signalbox_harness::{
        envoy_module::{Stand, StandSetup, VERSIONS},
        gate::{DEMO, GT_CONVERSATION, GT_INFERENCE, GT_UPLOAD, key_entry},
        policies::{component, runbook},
    };

    each_client!(open);

    /// With the policy and the key of the demo.
    fn open() -> Stand {
        let rest = "policy: litellm, preset: chat-embeddings, models: all";
        let setup = StandSetup {
            tenant: Tenant::demo_with_keys(GT_INFERENCE, GT_UPLOAD, GT_CONVERSATION),
            keys: key_entry("demo", DEMO, rest),
            policies: vec![("litellm", component(&runbook("litellm")))],
            more: json!({}),
        };
        setup.start(VERSIONS[0])
    }

    impl super::Front for Stand {
        fn address(&self) -> SocketAddr {
            self.envoy.address()
        }

        fn gt(&self) -> &Handle {
            self.gt()
        }
    }
}

mod nginx_njs {
    use std::net::SocketAddr;

    use signalbox_gt_sim::Handle;
    use signalbox_harness::{
        deployed::{authz_at, nginx_njs, pinned_nginx},
        gate::{Gate, Setup},
        proxy::Proxy,
    };

    each_client!(open);

    struct Nginx {
        // The proxy ends before what it asks.
        proxy: Proxy,
        authorizer: Gate,
    }

    fn open() -> Nginx {
        let program = pinned_nginx();
        let socket = program.home().join("authz.sock");
        let authorizer = Setup::demo().config(&authz_at(&socket)).start();
        let proxy = nginx_njs(program, &socket, authorizer.gt_address());
        Nginx { proxy, authorizer }
    }

    impl super::Front for Nginx {
        fn address(&self) -> SocketAddr {
            self.proxy.address()
        }

        fn gt(&self) -> &Handle {
            self.authorizer.gt()
        }
    }
}

fn openai_python(front: &impl Front) {
    openai_sdk(front, clients::openai_python, &checklist::openai_sdk());
}

fn openai_node(front: &impl Front) {
    openai_sdk(front, clients::openai_node, &checklist::openai_node());
}

/// By both bases, GT's own and the one that OpenAI's clients expect.
fn openai_sdk(front: &impl Front, client: fn(&Setting<'_>) -> Value, expected: &Value) {
    for base in bases(front) {
        let setting = Setting {
            base: &base,
            key: DEMO,
            chat: "gpt-4o",
            embed: "text-embedding-3-small",
        };
        assert_eq!(client(&setting), *expected, "{base}");
        // Embeddings twice: as base64 and as numbers.
        let posts = [
            "chat/completions",
            "chat/completions",
            "embeddings",
            "embeddings",
        ];
        assert_eq!(taken(front), posts, "{base}");
    }
}

fn litellm_proxy(front: &impl Front) {
    let [base, base_v1] = bases(front);
    let proxy = LitellmProxy::start(&base, &base_v1, DEMO);
    checklist::litellm_proxy(&proxy);
    let posts = ["chat/completions", "chat/completions", "embeddings"];
    assert_eq!(taken(front), [posts, posts].concat());
}

fn bases(front: &impl Front) -> [String; 2] {
    let base = format!("http://{}/api/tenant", front.address());
    [base.clone(), base + "/v1"]
}

/// The routes that GT was asked for since this was last looked at, lists aside. Each was asked for with GT's key, which
/// stands for the client's, and with the name that GT has for the model.
fn taken(front: &impl Front) -> Vec<String> {
    let requests = front.gt().requests();
    front.gt().clear();
    let (lists, posts): (Vec<_>, Vec<_>) = requests.iter().partition(|it| it.method == "GET");
    for request in &requests {
        assert_eq!(request.key.as_deref(), Some("inference"), "{request:?}");
    }
    for list in lists {
        assert_eq!(list.target, "/api/tenant/v1/models");
    }
    posts.into_iter().map(route).collect()
}

fn route(request: &Recorded) -> String {
    let body = serde_json::from_slice::<Value>(&request.body).unwrap();
    assert_eq!(body["model"], "support-agent", "{request:?}");
    let route = request.target.strip_prefix("/api/tenant/v1/");
    route.expect("a route of GT's").to_owned()
}
