use std::cell::Cell;

use proptest::prelude::*;
use signalbox_policy::{Header, Purposes};

use super::*;

/// A question, by the parts it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Question {
    words: [String; 2],
    optional: [Option<String>; 2],
    headers: Vec<(String, String)>,
    caller: Caller,
    model: Option<Option<String>>,
}

impl Question {
    fn plain() -> Self {
        Self {
            words: ["POST".into(), "/v1/chat/completions".into()],
            optional: [Some("a=b".into()), Some("application/json".into())],
            headers: vec![("x-team".into(), "search".into())],
            caller: Caller {
                id: "k".into(),
                purposes: Purposes::from_bits(1),
                scopes: vec!["inference:chat".into()],
                labels: vec![("team".into(), "search".into())],
                models: Names::All,
                published: Names::Only(vec!["agent*".into()]),
                datasets: Names::NONE,
            },
            model: Some(Some("gpt-4o".into())),
        }
    }

    fn view<T>(&self, look: impl FnOnce(&Request<'_>) -> T) -> T {
        let mut headers = Vec::new();
        for (name, value) in &self.headers {
            let value = value.as_bytes();
            headers.push(Header { name, value });
        }
        look(&Request {
            method: &self.words[0],
            path: &self.words[1],
            query: self.optional[0].as_deref(),
            content_type: self.optional[1].as_deref(),
            headers: &headers,
            caller: &self.caller,
            model: match &self.model {
                None => RequestedModel::Unread,
                Some(None) => RequestedModel::Absent,
                Some(Some(name)) => RequestedModel::Named(name),
            },
        })
    }
}

/// What a policy says that tells all questions apart.
fn answer(question: &Request<'_>) -> Decision {
    Decision::Forward(Forward {
        route: format!("{question:?}"),
        ..Forward::default()
    })
}

/// Asks as a worker does; whether the policy had to be asked.
fn ask(cache: &mut DecisionCache, question: &Question) -> (Decision, bool) {
    question.view(|question| {
        let hash = QuestionHash::of(question);
        if let Some(kept) = cache.get(question, hash) {
            return (kept, false);
        }
        let decision = answer(question);
        cache.put(question, hash, &decision);
        (decision, true)
    })
}

/// The plain question with one part changed, for each part.
fn neighbours() -> Vec<Question> {
    let plain = Question::plain;
    let change = |change: &dyn Fn(&mut Question)| {
        let mut question = plain();
        change(&mut question);
        question
    };
    vec![
        change(&|it| it.words[0] = "PUT".into()),
        change(&|it| it.words[1].push('x')),
        change(&|it| it.optional[0] = None),
        change(&|it| it.optional[0] = Some(String::new())),
        change(&|it| it.optional[1] = None),
        change(&|it| it.optional[1] = Some("application/json; charset=utf-8".into())),
        change(&|it| it.headers.clear()),
        change(&|it| it.headers[0].0.push('x')),
        change(&|it| it.headers[0].1.push('x')),
        change(&|it| it.headers.push(("x-team".into(), "search".into()))),
        change(&|it| it.caller.id.push('x')),
        change(&|it| it.caller.purposes = Purposes::from_bits(3)),
        change(&|it| it.caller.scopes.clear()),
        change(&|it| it.caller.labels[0].0.push('x')),
        change(&|it| it.caller.labels[0].1.push('x')),
        change(&|it| it.caller.models = Names::NONE),
        change(&|it| it.caller.published = Names::All),
        change(&|it| it.caller.datasets = Names::All),
        change(&|it| it.model = None),
        change(&|it| it.model = Some(None)),
        change(&|it| it.model = Some(Some("gpt-4".into()))),
    ]
}

#[test]
fn a_question_is_asked_twice_and_then_no_more() {
    let mut cache = DecisionCache::default();
    let asked = [(); 4].map(|()| ask(&mut cache, &Question::plain()).1);
    assert_eq!(asked, [true, true, false, false]);
}

#[test]
fn a_question_that_differs_in_any_one_part_is_another() {
    for other in neighbours() {
        let mut cache = DecisionCache::default();
        for _ in 0..3 {
            ask(&mut cache, &Question::plain());
        }
        let (decision, is_asked) = ask(&mut cache, &other);
        assert!(is_asked, "{other:?}");
        assert_eq!(decision, other.view(answer));
        let (decision, _) = ask(&mut cache, &Question::plain());
        assert_eq!(decision, Question::plain().view(answer));
    }
}

#[test]
fn what_is_large_is_not_kept() {
    let mut large = Question::plain();
    large.caller.published = Names::Only(vec![String::new(); LARGEST / size_of::<String>()]);
    let mut cache = DecisionCache::default();
    let asked = [(); 3].map(|()| ask(&mut cache, &large).1);
    assert_eq!(asked, [true; 3]);
}

#[test]
fn a_failure_is_not_kept() {
    let mut cache = DecisionCache::default();
    let asked = Cell::new(0);
    Question::plain().view(|question| {
        let hash = QuestionHash::of(question);
        for _ in 0..3 {
            // Nothing is put where nothing was decided.
            asked.set(asked.get() + u32::from(cache.get(question, hash).is_none()));
        }
        cache.put(question, hash, &answer(question));
        assert!(cache.get(question, hash).is_none(), "it was put once");
    });
    assert_eq!(asked.get(), 3);
}

proptest! {
    #[test]
    fn each_question_gets_its_own_answer(order in proptest::collection::vec((0..22_usize, 0..3_u8), 0..300)) {
        let mut questions = neighbours();
        questions.push(Question::plain());
        let mut cache = DecisionCache::default();
        for (index, path) in order {
            let mut question = questions[index].clone();
            question.words[1].push_str(&path.to_string());
            let (decision, _) = ask(&mut cache, &question);
            prop_assert_eq!(decision, question.view(answer));
        }
    }

    #[test]
    fn a_request_that_waits_is_itself_and_no_other(one in 0..22_usize, other in 0..22_usize) {
        let mut questions = neighbours();
        questions.push(Question::plain());
        let kept = questions[one].view(|question| RequestBuf::from(question));
        questions[other].view(|question| assert_eq!(kept.is(question), one == other));
    }
}
