//! Rules in memory, looked up the plain way.

use signalbox_policy::{
    Action, Endpoints, ModelRule, ModelSource, NameList, Purpose, RouteRule, Rules, Verdict, tables,
};

/// A policy's rules, found by looking at each.
#[derive(Clone, Debug)]
pub(crate) struct Plain {
    pub(crate) routes: Vec<Route>,
    pub(crate) models: Vec<Model>,
}

#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) method: String,
    pub(crate) template: String,
    pub(crate) scope: Option<String>,
    pub(crate) model: ModelSource,
    pub(crate) verdict: Verdict,
    pub(crate) query: String,
    pub(crate) because: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) pattern: String,
    pub(crate) published: Option<String>,
    pub(crate) endpoints: Endpoints,
}

impl Plain {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let models = self.models.iter().map(rule);
        tables::encode("plain", "1", self.routes(), models).expect("rules that fit tables")
    }
}

impl Rules for Plain {
    fn routes(&self) -> impl Iterator<Item = RouteRule<'_>> {
        self.routes.iter().map(|route| RouteRule {
            method: &route.method,
            template: &route.template,
            verdict: route.verdict,
            action: match route.verdict {
                Verdict::Native => Action::Forward,
                _ => Action::Refuse,
            },
            purposes: [Purpose::Inference].into_iter().collect(),
            scope: route.scope.as_deref(),
            model: route.model,
            query: NameList::new(&route.query),
            headers: NameList::default(),
            because: route.because.as_deref(),
        })
    }

    fn model(&self, name: &str) -> Option<ModelRule<'_>> {
        let is_prefix = |model: &&Model| model.pattern.ends_with('*');
        let exact = self
            .models
            .iter()
            .find(|it| !is_prefix(it) && it.pattern == name);
        let prefix = || {
            let prefixes = self.models.iter().filter(is_prefix);
            let fitting = prefixes.filter(|it| name.starts_with(it.pattern.trim_end_matches('*')));
            fitting.max_by_key(|it| it.pattern.len())
        };
        exact.or_else(prefix).map(rule)
    }
}

fn rule(model: &Model) -> ModelRule<'_> {
    ModelRule {
        pattern: &model.pattern,
        published: model.published.as_deref(),
        endpoints: model.endpoints,
    }
}

/// Chat and the model list, with so many models.
pub(crate) fn with_models(count: usize) -> Plain {
    let route = |method: &str, template: &str, scope: Option<&str>, model| Route {
        method: method.to_owned(),
        template: template.to_owned(),
        scope: scope.map(str::to_owned),
        model,
        verdict: Verdict::Native,
        query: String::new(),
        because: None,
    };
    let model = |index| Model {
        pattern: format!("team-{index}/model"),
        published: Some("support-agent".to_owned()),
        endpoints: Endpoints::ALL,
    };
    let chat = Some("inference:chat");
    Plain {
        routes: vec![
            route("POST", "/v1/chat/completions", chat, ModelSource::Json),
            route("GET", "/v1/models", None, ModelSource::None),
        ],
        models: (0..count).map(model).collect(),
    }
}
